package web

import (
	"net/http"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"
)

// BodyForms is for a body that comes in several forms of JSON, which the
// request's header tells apart.
type BodyForms interface {
	// Form gives the part of the body into which a request with this header is
	// decoded. Its error refuses the request; one that is no reeve.Error is
	// worded by the face's BadBody.
	Form(http.Header) (part any, err error)

	// Forms lists the forms for the document. It is called on the zero value.
	Forms() []BodyForm
}

// BodyForm is one form of a body.
type BodyForm struct {
	Type string // the media type; several forms may share one
	Of   reflect.Type
}

var formsType = reflect.TypeFor[BodyForms]()

// content describes a body by its media types.
func (b *builder) content(body reflect.Type) (map[string]media, error) {
	forms := []BodyForm{{jsonType, body}}
	if implements(body, formsType) {
		forms = reflect.New(body).Interface().(BodyForms).Forms()
	}
	out := map[string]media{}
	for _, form := range forms {
		schema, err := b.schemas.of(form.Of, true)
		if err != nil {
			return nil, err
		}
		if other, ok := out[form.Type]; ok {
			schema = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{other.Schema, schema}}
		}
		out[form.Type] = media{schema}
	}
	return out, nil
}
