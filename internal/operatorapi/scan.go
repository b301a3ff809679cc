package operatorapi

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) scans(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/scan", ID: "scan", Tag: "search", Exact: true,
		Summary: "Find keys, tokens and access grants in a text, by their checksums, and tell whose they are; revoke them if asked to",
		Description: "None is shown. Give one of text and keys. With revoke, API keys and organizations' keys that open something " +
			"are revoked, as the key stands there with all that derive from it, and sessions of users and operators ended; tokens of gateways and " +
			"operators are only told. A scan looks up 1000 credentials at most; a repeated one finds what was revoked revoked.",
		Errors: []reeve.Kind{reeve.Invalid}, Timeout: scanTime, Resumable: true,
	}, a.scan)
}

// scanTime is enough for as many revocations as one scan may make.
const scanTime = seriesTime

type scanIn struct {
	Body struct {
		Text   string   `json:"text,omitempty" doc:"Any text: a log, a file, a page."`
		Keys   []string `json:"keys,omitempty" doc:"Keys, tokens or access grants, 1000 at most."`
		Revoke bool     `json:"revoke,omitempty"`
	} `body:""`
}

type scanOut struct {
	Found []leakOut `json:"found" doc:"In their order."`
	More  bool      `json:"more" doc:"There are more than one scan looks up."`
}

type leakOut struct {
	Index   *int                    `json:"index,omitempty" doc:"Of the key among those given, from 0 on."`
	Line    int                     `json:"line,omitempty" doc:"In the text, from 1 on."`
	Column  int                     `json:"column,omitempty" doc:"Of the first byte in its line, in bytes, from 1 on."`
	Kind    control.CredentialKind  `json:"kind" doc:"As POST /api/inspect has it; unknown if nobody has it."`
	Grant   bool                    `json:"grant,omitempty" doc:"It stands inside an access grant."`
	ID      *reeve.ID               `json:"id,omitempty"`
	Name    string                  `json:"name,omitempty"`
	Of      *namedOut               `json:"of" doc:"The project, the organization or the user that it belongs to."`
	State   control.CredentialState `json:"state,omitempty"`
	Revoked bool                    `json:"revoked,omitempty" doc:"By this scan."`
}

func (a *api) scan(ctx context.Context, in *scanIn) (scanOut, error) {
	if (in.Body.Text == "") == (len(in.Body.Keys) == 0) {
		return scanOut{}, reeve.Errorf(reeve.Invalid, "give one of text and keys")
	}
	leaks, more, err := a.control.Scan(ctx, control.ToScan{Text: in.Body.Text, Keys: in.Body.Keys, Revoke: in.Body.Revoke})
	out := scanOut{Found: make([]leakOut, len(leaks)), More: more}
	for i := range leaks {
		out.Found[i] = newLeakOut(&leaks[i], in.Body.Keys != nil)
	}
	return out, err
}

func newLeakOut(l *control.Leak, indexed bool) leakOut {
	out := leakOut{
		Line: l.Line, Column: l.Column, Kind: l.Kind, Grant: l.Grant, Name: l.Name, State: l.State, Revoked: l.Revoked,
	}
	if indexed {
		out.Index = &l.Index
	}
	if l.ID != reeve.Zero {
		out.ID = &l.ID
	}
	for _, of := range []*control.Named{l.Project, l.Organization, l.User} {
		if of != nil {
			out.Of = newNamedOut(of)
			break
		}
	}
	return out
}
