package gatewayapi

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) usage(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/gateway/usage", ID: "reportUsage", Tag: "usage",
		Summary: "Report what projects have used",
		Description: "Counts a batch exactly once. Send it until it is answered: the newest batch of a stream may be " +
			"repeated and gets its first reply. A sequence below the stream's newest, or another batch under that one, " +
			"is a conflict and counts nothing; gaps upwards are fine. " + recordsDescription + eventsDescription,
		Errors: []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, a.reportUsage)
}

func (a *api) sidecarUsage(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/gateway/usage", ID: "reportUsage", Tag: "usage",
		Summary: "Report what projects have used",
		Description: "Takes a batch into the spool on disk, from which the server counts it exactly once. While this process " +
			"runs, the newest batch of a stream may be repeated and gets its first reply; after a restart it is taken anew. " +
			"What only the server can tell, such as an unknown project, is in the log. " + recordsDescription +
			"CloudEvents are for the server alone: here they are answered 400.",
		Errors: []reeve.Kind{reeve.Invalid, reeve.Conflict},
	}, func(ctx context.Context, in *sidecarUsageIn) (usageReply, error) {
		return a.ingestBatch(ctx, &in.Body.usageBody)
	})
}

const recordsDescription = "The values of counters (egress, requests) add up. Those of gauges (storage, objects) are samples, " +
	"each of which holds until the next of its project and bucket, the last of a month for 24 hours at most, and the next month " +
	"starts from it. A record that cannot be counted is refused by itself: unknown project or meter, a value that is no whole " +
	"number from 0 to 2^63-1, a time more than 5 minutes ahead or more than 12 months back. Sums do not overflow. What is of a " +
	"month that is closed already becomes an adjustment on the next statement. "

type usageIn struct {
	SpecVersion string    `header:"ce-specversion" doc:"1.0, in the binary mode of CloudEvents: with it the body is an event's data."`
	ID          string    `header:"ce-id" doc:"In the binary mode: the event's id."`
	Source      string    `header:"ce-source" doc:"In the binary mode: its source."`
	Type        string    `header:"ce-type" doc:"In the binary mode: its type."`
	Subject     string    `header:"ce-subject" doc:"In the binary mode: its subject, if any."`
	Time        string    `header:"ce-time" doc:"In the binary mode: its time, if any."`
	Body        usageForm `body:""`
}

type sidecarUsageIn struct {
	Body sidecarBody `body:""`
}

type usageBody struct {
	Gateway  string        `json:"gateway,omitempty" doc:"Names one of the gateway's streams, each with sequences of its own; up to 100 characters."`
	Sequence int64         `json:"sequence" doc:"From 1; higher than that of the stream's batch before."`
	Records  []usageRecord `json:"records" doc:"1 to 1000 records."`
}

// usageRecord is read as text where a wrong one refuses the record alone.
type usageRecord struct {
	ProjectID string      `json:"projectId"`
	Bucket    string      `json:"bucket,omitempty"`
	Meter     string      `json:"meter"`
	At        string      `json:"at"`
	Value     wholeNumber `json:"value"`

	flaw, text string // why it could not be read, and what stood there
}

// UnmarshalJSON reads any JSON: what is no record is refused by itself.
func (r *usageRecord) UnmarshalJSON(data []byte) error {
	type fields usageRecord
	*r = usageRecord{}
	err := json.Unmarshal(data, (*fields)(r))
	wrong, _ := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case data[0] != '{':
		r.flaw = "a record is a JSON object"
	case wrong != nil && wrong.Field != "value" && wrong.Field != "":
		r.flaw = wrong.Field + " is no string"
	case err != nil:
		r.flaw = noWholeNumber
	}
	if r.flaw != "" {
		r.text = string(data)
	}
	return nil // the text is JSON
}

// JSONSchema describes a record that can be counted.
func (usageRecord) JSONSchema() *jsonschema.Schema {
	text := func(doc string) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Description: doc} }
	return &jsonschema.Schema{
		Type: "object", Required: []string{"projectId", "meter", "at", "value"},
		Properties: map[string]*jsonschema.Schema{
			"projectId": text("In either spelling."),
			"bucket":    {Type: "string"},
			"meter":     text("egress (bytes), requests: counters. storage (bytes), objects: gauges."),
			"at":        text("When it was used (RFC 3339); its month (UTC) is where it counts."),
			"value":     {Type: "number", Description: "0 to 2^63-1: what is added, or a gauge's sample."},
		},
	}
}

const noWholeNumber = "value is no whole number from 0 to 2^63-1"

// wholeNumber is a JSON number as it is written.
type wholeNumber string

// UnmarshalJSON takes any number.
func (n *wholeNumber) UnmarshalJSON(data []byte) error {
	var number json.Number
	if data[0] == '"' {
		return &json.UnmarshalTypeError{Value: "string", Type: reflect.TypeFor[int64]()}
	}
	err := json.Unmarshal(data, &number)
	*n = wholeNumber(number)
	return err
}

func (wholeNumber) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "number"} }

// item reads a record as far as it can be read. One that is untimed need not
// have a time.
func (r *usageRecord) item(untimed bool) control.UsageItem {
	out := control.UsageItem{UsageRecord: reeve.UsageRecord{Bucket: r.Bucket, Meter: reeve.UsageMeter(r.Meter)}}
	if r.flaw != "" {
		out.Flaw, out.Text = r.flaw, r.text
		return out
	}
	var err error
	flaw := func(reason, text string) {
		if err != nil {
			out.Text += text + "\n"
			out.Flaw = reason
		}
	}
	out.ProjectID, err = reeve.ParseID(reeve.PrefixProject, r.ProjectID)
	flaw("malformed project id", r.ProjectID)
	if !untimed || r.At != "" {
		out.At, err = time.Parse(time.RFC3339, r.At)
		flaw("malformed time", r.At)
	}
	out.Value, err = strconv.ParseInt(string(r.Value), 10, 64)
	flaw(noWholeNumber, string(r.Value))
	return out
}

type usageReply struct {
	Sequence int64         `json:"sequence,omitempty" doc:"That of the batch; events have none."`
	Results  []usageResult `json:"results" doc:"One for each record or event, in their order."`
}

type usageResult struct {
	Status string `json:"status" doc:"accepted or refused; of an event also duplicate, if it was counted before."`
	Reason string `json:"reason,omitempty" doc:"Why it was refused."`
}

// batch reads a body's records.
func (u *usageBody) batch() control.UsageBatch {
	out := control.UsageBatch{Stream: u.Gateway, Sequence: u.Sequence, Records: make([]control.UsageItem, len(u.Records))}
	for i := range u.Records {
		out.Records[i] = u.Records[i].item(false)
	}
	return out
}

func resultOf(refusal string) usageResult {
	if refusal != "" {
		return usageResult{Status: "refused", Reason: refusal}
	}
	return usageResult{Status: "accepted"}
}

func (a *api) reportUsage(ctx context.Context, in *usageIn) (usageReply, error) {
	if in.Body.mode == batchOfRecords {
		return a.ingestBatch(ctx, &in.Body.batch)
	}
	return a.ingestEvents(ctx, in)
}

func (a *api) ingestBatch(ctx context.Context, body *usageBody) (out usageReply, err error) {
	refusals, err := a.ingestion(ctx, body.batch())
	if err != nil {
		return out, err
	}
	out = usageReply{Sequence: body.Sequence, Results: make([]usageResult, len(refusals))}
	for i, reason := range refusals {
		out.Results[i] = resultOf(reason)
	}
	return out, nil
}
