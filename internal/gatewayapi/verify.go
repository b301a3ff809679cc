package gatewayapi

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/forward"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) verify(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/gateway/verify", ID: "verify", Tag: "keys",
		Summary: "Judge API keys for a request",
		Description: "Answers 200 with a verdict for every well-formed request, whatever becomes of the key. " +
			"With keys, up to 100 of them are judged, each for its own request or for the one beside the list.",
		Errors: []reeve.Kind{reeve.Invalid}, Quiet: true,
	}, a.verifyKeys)
}

// maxKeys is how many keys one request may ask about.
const maxKeys = 100

type verifyIn struct {
	Body verifyBody `body:""`
}

type verifyBody struct {
	question
	Keys *[]keyQuestion `json:"keys" doc:"Instead of key: 1 to 100 keys, each its text or an object as this one, whose absent fields are as here."`
}

// question is one key and what it shall be used for.
type question struct {
	Key           *string    `json:"key" doc:"As its holder shows it."`
	Action        string     `json:"action,omitempty" doc:"read, write, list or delete."`
	Bucket        string     `json:"bucket,omitempty"`
	Path          string     `json:"path,omitempty" doc:"Of the object in the bucket; encrypted, where the platform encrypts paths."`
	EncryptedPath []byte     `json:"encryptedPath,omitempty" doc:"Instead of path, where that is not UTF-8."`
	Cost          *int64     `json:"cost" doc:"Units of the project's rate that the request takes: 1 if absent; 0 takes nothing."`
	Project       *projectID `json:"project" doc:"The project that the key must be of; any if absent."`
	Lineage       bool       `json:"lineage,omitempty" doc:"Answer lineage and issuedAt, for a cache that follows the feed."`
}

// keyQuestion is an element of keys: the text of a key, or a question.
type keyQuestion struct {
	question
	action, bucket, path bool // are given, if only as ""
}

// UnmarshalJSON reads either form.
func (q *keyQuestion) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte{'"'}) {
		return json.Unmarshal(data, &q.Key)
	}
	var given struct{ Action, Bucket, Path *string }
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	q.action, q.bucket, q.path = given.Action != nil, given.Bucket != nil, given.Path != nil
	return json.Unmarshal(data, &q.question)
}

// JSONSchema describes both forms; the object's fields are those of the body.
func (keyQuestion) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Types: []string{"string", "object"}}
}

// or fills what the question leaves open.
func (q keyQuestion) or(other question) question {
	if !q.action {
		q.Action = other.Action
	}
	if !q.bucket {
		q.Bucket = other.Bucket
	}
	if !q.path && q.EncryptedPath == nil {
		q.Path, q.EncryptedPath = other.Path, other.EncryptedPath
	}
	if q.Cost == nil {
		q.Cost = other.Cost
	}
	if q.Project == nil {
		q.Project = other.Project
	}
	q.Lineage = q.Lineage || other.Lineage
	return q.question
}

// check reads a question.
func (q *question) check() (out control.KeyCheck, err error) {
	if q.Key == nil {
		return out, reeve.Errorf(reeve.Invalid, "key is missing")
	}
	out = control.KeyCheck{Key: *q.Key, Cost: 1, Bucket: []byte(q.Bucket), Path: []byte(q.Path)}
	var ok bool
	if out.Op, ok = forward.ParseAction(q.Action); !ok {
		return out, reeve.Errorf(reeve.Invalid, "action must be read, write, list or delete")
	}
	if q.EncryptedPath != nil {
		if q.Path != "" {
			return out, reeve.Errorf(reeve.Invalid, "path and encryptedPath exclude each other")
		}
		out.Path = q.EncryptedPath
	}
	if q.Cost != nil {
		out.Cost = *q.Cost
	}
	if out.Cost < 0 || out.Cost > forward.MaxCost {
		return out, reeve.Errorf(reeve.Invalid, "cost must be 0 to %d", forward.MaxCost)
	}
	if q.Project != nil {
		out.Project = q.Project.id
	}
	return out, nil
}

// verdicts is one verdict, or those of a batch.
type verdicts struct {
	*verdict
	Results []verdict `json:"results,omitempty" doc:"The verdicts of a batch, in its order; nothing else is there then."`
}

func (a *api) verifyKeys(ctx context.Context, in *verifyIn) (out verdicts, err error) {
	if in.Body.Keys == nil {
		one, err := a.judge(ctx, &in.Body.question, web.RequestID(ctx))
		return verdicts{verdict: &one}, err
	}
	keys := *in.Body.Keys
	if in.Body.Key != nil || len(keys) == 0 || len(keys) > maxKeys {
		return out, reeve.Errorf(reeve.Invalid, "give key, or keys with 1 to %d of them", maxKeys)
	}
	// All are read before the first is judged, for that takes of the rate.
	for i := range keys {
		keys[i].question = keys[i].or(in.Body.question)
		if _, err := keys[i].check(); err != nil {
			return out, err
		}
	}
	out.Results = make([]verdict, len(keys))
	for i := range keys {
		out.Results[i], err = a.judge(ctx, &keys[i].question, web.RequestID(ctx)+"."+strconv.Itoa(i))
		if err != nil {
			return verdicts{}, err
		}
	}
	return out, nil
}

func (a *api) judge(ctx context.Context, q *question, decision string) (verdict, error) {
	check, err := q.check()
	if err != nil {
		return verdict{}, err
	}
	judged, err := a.judgement(ctx, check)
	if err != nil {
		return verdict{}, err
	}
	return newVerdict(&judged, decision, q.Lineage), nil
}
