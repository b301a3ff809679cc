package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// object is a JSON object whose members keep their order. Values are nil,
// bool, json.Number, string, []any or object.
type object []member

type member struct {
	key   string
	value any
}

// get gives a member's value; nil if there is none.
func (o object) get(key string) any {
	if at := o.find(key); at >= 0 {
		return o[at].value
	}
	return nil
}

func (o object) find(key string) int {
	return slices.IndexFunc(o, func(m member) bool { return m.key == key })
}

// set gives the object with a member replaced, or added at its end.
func (o object) set(key string, value any) object {
	if at := o.find(key); at >= 0 {
		o[at].value = value
		return o
	}
	return append(o, member{key, value})
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := plain(m.key)
		if err != nil {
			return nil, err
		}
		value, err := plain(m.value)
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// plain is JSON that leaves <, > and & as they are.
func plain(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// parseJSON reads one JSON value.
func parseJSON(text []byte) (any, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	value, err := readValue(in)
	if err != nil {
		return nil, err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more behind the JSON")
	}
	return value, nil
}

func readValue(in *json.Decoder) (any, error) {
	token, err := in.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		out := object{}
		for in.More() {
			key, err := in.Token()
			if err != nil {
				return nil, err
			}
			value, err := readValue(in)
			if err != nil {
				return nil, err
			}
			out = append(out, member{fmt.Sprint(key), value})
		}
		_, err = in.Token()
		return out, err
	case json.Delim('['):
		out := []any{}
		for in.More() {
			value, err := readValue(in)
			if err != nil {
				return nil, err
			}
			out = append(out, value)
		}
		_, err = in.Token()
		return out, err
	}
	return token, nil
}
