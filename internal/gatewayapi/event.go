package gatewayapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/web"
)

// The forms of CloudEvents 1.0 (the HTTP protocol binding and the JSON format,
// https://github.com/cloudevents/spec, version 1.0.2).
const (
	eventsFamily = "application/cloudevents"
	eventType    = "application/cloudevents+json"
	eventsType   = "application/cloudevents-batch+json"
)

const eventsDescription = "CloudEvents 1.0 are taken too: one as " + eventType + " or in the binary mode (ce- headers, and its data as " +
	"JSON), up to 1000 as " + eventsType + ". Each counts once: source and id name it within the organisation of its project, for " +
	"as long as its usage would be taken. What an event says is in its data: meter (else the last part of its type, after a dot), " +
	"projectId (else its subject, as PROJECT or PROJECT/BUCKET), bucket, value, and at (else its time, else now). An event that " +
	"cannot be counted is refused by itself, in a reply of 200 whose result says why, and may come again; a single one that is no " +
	"event at all is a 400."

// bodyMode says what the body of a report is.
type bodyMode int

const (
	batchOfRecords bodyMode = iota
	singleEvent
	batchOfEvents
	binaryEvent
)

// usageForm is the body of a report in one of its forms.
type usageForm struct {
	mode   bodyMode
	batch  usageBody
	events cloudEvents
	event  eventIn
	data   usageData // in the binary mode
}

// Forms lists them.
func (*usageForm) Forms() []web.BodyForm {
	return []web.BodyForm{
		{Type: "application/json", Of: reflect.TypeFor[usageBody]()},
		{Type: "application/json", Of: reflect.TypeFor[usageData]()},
		{Type: eventType, Of: reflect.TypeFor[cloudEvent]()},
		{Type: eventsType, Of: reflect.TypeFor[[]cloudEvent]()},
	}
}

// Form tells them apart as the protocol binding says (section 3): by the
// Content-Type, then by the header of the binary mode. Whatever else there is,
// is a batch of records.
func (f *usageForm) Form(header http.Header) (any, error) {
	contentType := header.Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(contentType)
	switch {
	case mediaType == eventType:
		f.mode = singleEvent
		return &f.event, nil
	case mediaType == eventsType:
		f.mode = batchOfEvents
		return &f.events, nil
	case strings.HasPrefix(mediaType, eventsFamily):
		return nil, reeve.Errorf(reeve.Invalid, "of CloudEvents only %s and %s are taken", eventType, eventsType)
	case header.Get("ce-specversion") == "":
		return &f.batch, nil
	case contentType != "" && !isJSON(mediaType):
		return nil, reeve.Errorf(reeve.Invalid, "the data of an event must be application/json")
	}
	f.mode = binaryEvent
	return &f.data, nil
}

// sidecarBody is the body of a report to a sidecar: a batch, and never an
// event, of which its spool does not keep the name.
type sidecarBody struct{ usageBody }

// Forms lists the only one.
func (*sidecarBody) Forms() []web.BodyForm {
	return []web.BodyForm{{Type: "application/json", Of: reflect.TypeFor[usageBody]()}}
}

// Form refuses events.
func (s *sidecarBody) Form(header http.Header) (any, error) {
	var form usageForm
	if _, err := form.Form(header); err != nil || form.mode != batchOfRecords {
		return nil, reeve.Errorf(reeve.Invalid, "a sidecar takes no CloudEvents: send them to the server")
	}
	return &s.usageBody, nil
}

// cloudEvent is an event of the JSON format, with the attributes that matter
// here.
type cloudEvent struct {
	SpecVersion string    `json:"specversion" doc:"1.0."`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject,omitempty"`
	Time        string    `json:"time,omitempty" doc:"RFC 3339."`
	Data        usageData `json:"data,omitzero"`
	DataType    string    `json:"datacontenttype,omitempty" doc:"Of data_base64: application/json, or none."`
	DataBase64  string    `json:"data_base64,omitempty" doc:"The data in base64, in place of data."`
}

// eventIn is an event as far as it can be read. What it is not refuses the
// event alone.
type eventIn struct {
	cloudEvent        // with what was in base64 in its Data
	flaw       string // why it could not be read
}

// UnmarshalJSON reads any JSON.
func (e *eventIn) UnmarshalJSON(data []byte) error {
	*e = eventIn{}
	err := json.Unmarshal(data, &e.cloudEvent)
	switch wrong, _ := errors.AsType[*json.UnmarshalTypeError](err); {
	case bytes.Equal(data, []byte("null")) || wrong != nil && wrong.Field == "":
		e.flaw = "an event is a JSON object"
	case wrong != nil:
		e.flaw = wrong.Field + " is no string"
	case err == nil && e.DataBase64 != "":
		e.flaw = e.decodeData()
	}
	return nil // the text is JSON
}

// decodeData reads data that came in base64 (section 3.1 of the format), and
// gives why it cannot be read.
func (e *eventIn) decodeData() (flaw string) {
	if e.Data != (usageData{}) {
		return "data and data_base64 exclude each other"
	}
	if mediaType, _, _ := mime.ParseMediaType(e.DataType); e.DataType != "" && !isJSON(mediaType) {
		return "data_base64 must be application/json"
	}
	data, err := base64.StdEncoding.DecodeString(e.DataBase64)
	switch {
	case err != nil:
		return "data_base64 is no base64"
	case !utf8.Valid(data) || json.Unmarshal(data, &e.Data) != nil:
		return noUsage
	}
	return ""
}

// isJSON tells whether a media type is one of JSON.
func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

type cloudEvents []eventIn

// usageData is what an event says. What it is not refuses the event alone.
type usageData struct {
	usageRecord
	flaw string
}

const noUsage = "data is no object with usage in it"

// UnmarshalJSON reads any JSON.
func (d *usageData) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	*d = usageData{}
	if err := json.Unmarshal(data, &d.usageRecord); err != nil || d.usageRecord.flaw != "" {
		*d = usageData{flaw: noUsage}
	}
	return nil
}

func (usageData) JSONSchema() *jsonschema.Schema {
	text := func(doc string) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Description: doc} }
	return &jsonschema.Schema{Type: "object", Required: []string{"value"}, Properties: map[string]*jsonschema.Schema{
		"projectId": text("In either spelling; else the event's subject names it."),
		"bucket":    text("Else it is in the subject, if that names the project."),
		"meter":     text("egress, requests, storage or objects; else the last part of the event's type."),
		"at":        text("RFC 3339; else the event's time."),
		"value":     {Type: "number", Description: "0 to 2^63-1."},
	}}
}

// check gives why it is no event.
func (e *eventIn) check() string {
	switch {
	case e.flaw != "":
		return e.flaw
	case e.SpecVersion != "1.0":
		return "specversion must be 1.0"
	case e.ID == "":
		return "id is missing"
	case e.Source == "":
		return "source is missing"
	case e.Type == "":
		return "type is missing"
	}
	return e.Data.flaw
}

// usage reads an event as far as it can be read.
func (e *eventIn) usage() control.UsageEvent {
	r := e.Data.usageRecord
	if r.ProjectID == "" {
		project, bucket, _ := strings.Cut(e.Subject, "/")
		r.ProjectID = project
		if r.Bucket == "" {
			r.Bucket = bucket
		}
	}
	if r.Meter == "" {
		r.Meter = e.Type[strings.LastIndexByte(e.Type, '.')+1:]
	}
	if r.At == "" {
		r.At = e.Time
	}
	out := control.UsageEvent{UsageItem: r.item(true), Source: e.Source, ID: e.ID, Untimed: r.At == ""}
	if flaw := e.check(); flaw != "" {
		out.Flaw = flaw
	}
	return out
}

// read gives the events of a report. A single one that is none refuses it.
func (in *usageIn) read() (cloudEvents, error) {
	single := in.Body.event
	switch in.Body.mode {
	case batchOfEvents:
		if in.Body.events == nil {
			return nil, reeve.Errorf(reeve.Invalid, "a batch of events is a JSON array")
		}
		return in.Body.events, nil
	case binaryEvent:
		single.cloudEvent = cloudEvent{
			SpecVersion: in.SpecVersion, ID: in.ID, Source: in.Source, Type: in.Type, Subject: in.Subject, Time: in.Time,
			Data: in.Body.data,
		}
		for _, attribute := range []*string{&single.SpecVersion, &single.ID, &single.Source, &single.Type, &single.Subject, &single.Time} {
			if !unescapeHeader(attribute) {
				return nil, reeve.Errorf(reeve.Invalid, "a ce- header cannot be decoded")
			}
		}
	}
	if flaw := single.check(); flaw != "" {
		return nil, reeve.Errorf(reeve.Invalid, "%s", flaw)
	}
	return cloudEvents{single}, nil
}

// unescapeHeader decodes an attribute's value in a header (section 3.1.3.2 of
// the protocol binding): double quotes, then a round of percent-decoding.
func unescapeHeader(value *string) bool {
	text := *value
	if inner, ok := strings.CutPrefix(text, `"`); ok {
		if inner, ok = strings.CutSuffix(inner, `"`); !ok {
			return false
		}
		text = unquoteHeader(inner)
	}
	text, err := url.PathUnescape(text)
	*value = text
	return err == nil && utf8.ValidString(text)
}

// unquoteHeader takes the backslashes out of a quoted string (RFC 9110 5.6.4).
func unquoteHeader(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

func (a *api) ingestEvents(ctx context.Context, in *usageIn) (out usageReply, err error) {
	events, err := in.read()
	if err != nil {
		return out, err
	}
	usage := make([]control.UsageEvent, len(events))
	for i := range events {
		usage[i] = events[i].usage()
	}
	results, err := a.control.IngestEvents(ctx, usage)
	if err != nil {
		return out, err
	}
	out.Results = make([]usageResult, len(results))
	for i, result := range results {
		out.Results[i] = usageResult{string(result.Status), result.Reason}
	}
	return out, nil
}
