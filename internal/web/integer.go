package web

import (
	"math/big"

	"github.com/google/jsonschema-go/jsonschema"
)

// Integer as a field is a whole number of any size. It must not be nil.
type Integer struct{ *big.Int }

// JSONSchema describes the number.
func (Integer) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "integer"} }
