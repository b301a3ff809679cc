package web

import (
	"context"
	"net/http"
)

// Empty is the input of an operation that reads nothing, and the output of one
// that answers nothing: no body, no Content-Type.
type Empty struct{}

// Stream as an output is sent piece by piece, for as long as Send runs. It is
// called once the status is written; its context ends with the connection.
type Stream struct {
	Send func(context.Context, *StreamWriter) error
}

// Raw as an output is a JSON object sent as it is; it must be valid and compact.
type Raw []byte

// HeaderSetter is for an Out that is all header and has no body; its fields'
// header tags describe. An error may be one too, beside its reeve.Error.
type HeaderSetter interface {
	SetHeader(http.Header)
}

// JSONAppender is for an output that encodes itself, quicker than encoding/json
// and alike.
type JSONAppender interface {
	AppendJSON([]byte) ([]byte, error)
}
