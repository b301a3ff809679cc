package operatorapi

import (
	"context"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/web"
)

func (a *api) creditNotes(out *web.API) {
	web.Handle(out, web.Op{
		Method: "POST", Path: "/api/statements/{statement}/credit-notes", ID: "createCreditNote", Tag: "statements",
		Summary: "Take an amount back from a final statement; of a paid one it becomes a credit",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound, reeve.Conflict},
	}, a.createCreditNote, web.BeforeBody(func(ctx context.Context, in *createCreditNoteIn) error {
		_, err := a.control.ListCreditNotes(ctx, in.Statement.id)
		return err
	}))
	web.Handle(out, web.Op{
		Method: "GET", Path: "/api/statements/{statement}/credit-notes", ID: "listCreditNotes", Tag: "statements",
		Summary: "List a statement's credit notes, oldest first",
		Errors:  []reeve.Kind{reeve.Invalid, reeve.NotFound},
	}, a.listCreditNotes)
}

type createCreditNoteIn struct {
	statementPath
	Body struct {
		Amount int64  `json:"amount" doc:"US cents, at most what is left of the amount that was due."`
		Reason string `json:"reason"`
	} `body:""`
}

type createdCreditNote struct {
	ID reeve.ID `json:"id"`
}

func (a *api) createCreditNote(ctx context.Context, in *createCreditNoteIn) (createdCreditNote, error) {
	note, err := a.control.CreateCreditNote(ctx, in.Statement.id, in.Body.Amount, in.Body.Reason)
	return createdCreditNote{note.ID}, err
}

type creditNotesOut struct {
	CreditNotes []creditNoteOut `json:"creditNotes"`
}

type creditNoteOut struct {
	ID        reeve.ID  `json:"id"`
	Amount    int64     `json:"amount"`
	Reason    string    `json:"reason"`
	CreditID  *reeve.ID `json:"creditId" doc:"The credit that it became, if the statement was paid."`
	CreatedAt time.Time `json:"createdAt"`
}

func (a *api) listCreditNotes(ctx context.Context, in *statementPath) (creditNotesOut, error) {
	notes, err := a.control.ListCreditNotes(ctx, in.Statement.id)
	out := creditNotesOut{make([]creditNoteOut, len(notes))}
	for i, n := range notes {
		out.CreditNotes[i] = creditNoteOut{ID: n.ID, Amount: n.Cents, Reason: n.Reason, CreatedAt: n.CreatedAt}
		if n.CreditID != reeve.Zero {
			out.CreditNotes[i].CreditID = &n.CreditID
		}
	}
	return out, err
}
