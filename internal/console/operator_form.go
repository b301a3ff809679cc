package console

import (
	"fmt"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// onlyFor shows a question to operators who may do what it asks for. That
// others are refused is control's own rule: this keeps them from filling in
// what would be.
func onlyFor(action reeve.OperatorAction, ask func(*visit) (*question, error)) func(*visit) (*question, error) {
	return func(v *visit) (*question, error) {
		if !v.may(action) {
			return nil, reeve.ErrDenied
		}
		return ask(v)
	}
}

// receiptPath is the page that shows how far a revocation or a freeze has come.
// It is called in the transaction of what it is about.
func (v *visit) receiptPath(done control.Revoked) (string, error) {
	epoch, err := v.control.Epoch(v.ctx, done)
	return to("revocations", fmt.Sprint(epoch)), err
}

// kept asks for a text whose present value the form shows.
func kept(name, label, value string, most int) field {
	return field{Name: name, Label: label, Value: value, Current: true, Max: most}
}

// hidden is a value that the form takes along.
func hidden(name, value string) field { return field{Name: name, Kind: "hidden", Value: value} }
