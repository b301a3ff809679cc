package web

import (
	"bytes"
	"encoding/json"
	"sync"
)

// maxPooled keeps one large reply from holding memory for ever.
const maxPooled = 64 << 10

// encoder is a reusable JSON encoder with its buffer.
type encoder struct {
	buffer bytes.Buffer
	json   *json.Encoder
}

var encoders = sync.Pool{New: func() any {
	e := &encoder{}
	e.json = json.NewEncoder(&e.buffer)
	return e
}}

func newEncoder() *encoder {
	e := encoders.Get().(*encoder)
	e.buffer.Reset()
	return e
}

// free gives the encoder back; what encode answered is gone then.
func (e *encoder) free() {
	if e.buffer.Cap() <= maxPooled {
		encoders.Put(e)
	}
}

// any encodes a value as it wants to be.
func (e *encoder) any(value any) ([]byte, error) {
	if _, ok := value.(JSONAppender); ok {
		return e.appended(value)
	}
	return e.encode(value)
}

// encode gives compact JSON, escaped as encoding/json does by default, without
// the newline that json.Encoder adds.
func (e *encoder) encode(value any) ([]byte, error) {
	if err := e.json.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(e.buffer.Bytes(), []byte{'\n'}), nil
}

// appended gives what a JSONAppender writes.
func (e *encoder) appended(value any) ([]byte, error) {
	body, err := value.(JSONAppender).AppendJSON(e.buffer.AvailableBuffer())
	if err == nil {
		_, err = e.buffer.Write(body) // keeps the memory for the next one
	}
	return e.buffer.Bytes(), err
}
