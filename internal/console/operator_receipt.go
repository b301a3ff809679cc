package console

import (
	"fmt"
	"strconv"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// receiptRefresh is after how many seconds a browser without JavaScript looks
// again how far a revocation has come.
const receiptRefresh = 2

// receipt shows how far a revocation or a freeze has come, until all have taken
// it in.
func (v *visit) receipt() (*page, error) {
	epoch, err := strconv.ParseInt(v.r.PathValue("epoch"), 10, 64)
	if err != nil || epoch < 1 {
		return nil, reeve.Errorf(reeve.NotFound, "revocation not found")
	}
	if err := v.control.CheckEpoch(v.ctx, epoch); err != nil {
		return nil, err
	}
	receipt, err := v.control.Receipt(v.ctx, epoch, 0)
	if err != nil {
		return nil, err
	}
	changes, _, err := v.control.ListChanges(v.ctx, control.ChangeFilter{Before: epoch + 1, Limit: 1})
	if err != nil {
		return nil, err
	}
	out := &page{Title: "Receipt", Facts: []fact{{"Change", text("number " + strconv.FormatInt(epoch, 10))}}}
	if len(changes) > 0 && changes[0].Number == epoch { // retention may have taken it away
		names, err := v.namesIn(changes)
		if err != nil {
			return nil, err
		}
		out.revoked(changes[0], names)
	}
	progress := receiptSection(receipt)
	if !receipt.Complete {
		progress.Live, out.Refresh = true, receiptRefresh
	}
	out.Sections = []section{progress}
	return out, nil
}

// revoked tells what a receipt is of.
func (p *page) revoked(c reeve.Change, names namesOf) {
	told := toldOf(c.Before)
	project := told.ProjectID
	switch c.Action {
	case "apikey.delete":
		p.Title = "Receipt: API key " + told.Name + " revoked"
		p.Actions = []link{{Text: "The revoked key", To: to("keys", c.Target.String())}}
	case "apikey.revoke":
		told = toldOf(c.After)
		project = told.ProjectID
		p.Title = "Receipt: a key that derives from " + told.Name + " revoked"
		p.Actions = []link{{Text: "The key it derives from", To: to("keys", c.Target.String())}}
	case "project.revoke":
		project = c.Target
		p.Title = "Receipt: API keys revoked"
		p.Facts = append(p.Facts, fact{"Made before", text(toldOf(c.After).Before)})
	case "project.freeze":
		project = c.Target
		p.Title = "Receipt: project frozen"
	case "organization.freeze":
		p.Title = "Receipt: organisation frozen"
		p.Actions = []link{{Text: "The organisation", To: to("organizations", c.Target.String())}}
	case "user.freeze":
		p.Title = "Receipt: user frozen"
		p.Actions = []link{{Text: "The user", To: to("users", c.Target.String())}}
	default:
		p.Title = "Receipt: " + actionWords(c.Action)
	}
	p.Facts = append(p.Facts, changeFacts(c, names)...)
	if project != reeve.Zero {
		p.Actions = append(p.Actions, link{Text: "The project", To: to("projects", project.String()), Main: true})
	}
}

// receiptWords are the states of sessions, as a receipt has them.
var receiptWords = map[reeve.SessionState]badge{
	reeve.SessionPending:      {"not yet", "warn"},
	reeve.SessionAcknowledged: {"has taken it in", "good"},
	reeve.SessionExpired:      {"silent: its lease is over, it answers no more", "good"},
	reeve.SessionEnded:        {"has ended", "good"},
}

func receiptSection(r control.Receipt) section {
	done := 0
	t := &table{
		ID: "sessions", Caption: "Gateways and replicas", Columns: []column{{Name: "Program"}, {Name: "Kind"}, {Name: "State"}, {Name: "Since"}},
	}
	for _, one := range r.Sessions {
		if one.State != reeve.SessionPending {
			done++
		}
		kind := text("replica of the server")
		if one.GatewayID != nil {
			kind = linked("gateway", to("gateways", one.GatewayID.String()))
		}
		t.Rows = append(t.Rows, []cell{text(one.Name), kind, {Badges: []badge{receiptWords[one.State]}}, moment(one.CreatedAt)})
	}
	out := section{ID: "progress", Title: "Everywhere?", Table: t}
	if len(t.Rows) == 0 {
		out.Table = nil
	}
	of := fmt.Sprintf("%d of %s", done, tally(len(r.Sessions), "session"))
	switch {
	case r.Complete && len(r.Sessions) == 0:
		out.Note = "Complete: this server has taken it in, and nothing else answers from memory. No request that comes from now on is accepted by what was revoked."
		return out
	case r.Complete:
		out.Note = "Complete: " + of + " have taken it in or are over. No request that comes from now on is accepted by what was revoked, anywhere."
		return out
	}
	out.Note = "Not yet: " + of + " have taken it in or are over. Those that stay silent are over when their lease ends. This page looks again by itself."
	if len(r.Sessions) == 0 {
		out.Note = "Not yet: this server is still taking it in. This page looks again by itself."
	}
	return out
}
