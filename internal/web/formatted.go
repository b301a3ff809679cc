package web

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve"
)

// Format is a form that a reply can have, as the query names it.
type Format string

// The formats. JSON is what every reply has that has any.
const (
	JSON Format = "json"
	CSV  Format = "csv"
	HTML Format = "html"
)

// mediaTypes are the formats' Content-Types.
var mediaTypes = map[Format]string{
	JSON: jsonType, CSV: "text/csv; charset=utf-8", HTML: "text/html; charset=utf-8",
}

// Document is a reply in another format than JSON, sent as it is.
type Document struct {
	Format   Format // one of the operation's Formats
	Filename string // to save it as; "" is shown in place
	Policy   string // Content-Security-Policy; none if empty
	Body     []byte
}

// Formatted as an output is JSON or, if there is one, the document instead.
type Formatted[T any] struct {
	JSON     T
	Document *Document
}

// formatted is a Formatted of any type.
type formatted interface {
	jsonType() reflect.Type
	choice() (any, *Document)
}

var formattedType = reflect.TypeFor[formatted]()

func (*Formatted[T]) jsonType() reflect.Type     { return reflect.TypeFor[T]() }
func (f *Formatted[T]) choice() (any, *Document) { return &f.JSON, f.Document }

// FormatQuery is the part of an In that chooses the reply's format.
type FormatQuery struct {
	Format string `query:"format" doc:"The reply's format. If absent, what Accept prefers of them; else json."`
	Accept string `header:"Accept"`
}

// Choose gives the format that is asked for, of those that are offered beside
// JSON. The query decides or, without one, Accept (RFC 9110 12.5.1); an Accept
// that suits nothing is disregarded.
func (q FormatQuery) Choose(offered ...Format) (Format, error) {
	offered = append([]Format{JSON}, offered...)
	if q.Format == "" {
		return preferred(q.Accept, offered), nil
	}
	var names []string
	for _, f := range offered {
		if q.Format == string(f) {
			return f, nil
		}
		names = append(names, string(f))
	}
	last := len(names) - 1
	return "", reeve.Errorf(reeve.Invalid, "format must be %s or %s", strings.Join(names[:last], ", "), names[last])
}

// preferred gives the offered format of the highest quality; of equal ones
// that which Accept names more closely, then the first offered.
func preferred(accept string, offered []Format) Format {
	best, bestQuality, bestCloseness := offered[0], 0.0, -1
	for _, f := range offered {
		quality, closeness := acceptable(accept, mediaTypes[f])
		if quality > bestQuality || quality == bestQuality && quality > 0 && closeness > bestCloseness {
			best, bestQuality, bestCloseness = f, quality, closeness
		}
	}
	return best
}

// acceptable gives the quality of a media type by the range that names it most
// closely: 2 is the type itself, 0 is any.
func acceptable(accept, mediaType string) (quality float64, closeness int) {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	group, _, _ := strings.Cut(mediaType, "/")
	closeness = -1
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		how := -1
		switch strings.ToLower(strings.TrimSpace(name)) {
		case mediaType:
			how = 2
		case group + "/*":
			how = 1
		case "*/*":
			how = 0
		}
		if how > closeness {
			closeness, quality = how, qualityOf(params)
		}
	}
	return quality, closeness
}

// qualityOf reads a range's weight; 1 if it has none that can be read.
func qualityOf(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if quality, err := strconv.ParseFloat(value, 64); strings.EqualFold(name, "q") && err == nil {
			return quality
		}
	}
	return 1
}

var (
	varyAccept = []string{"Accept"}
	noSniff    = []string{"nosniff"}
)

// document sends a document, which no browser takes for anything else and no
// cache keeps.
func (x *exchange) document(status int, out *Document) {
	header := x.Header()
	header["X-Content-Type-Options"], header["Cache-Control"] = noSniff, noStore
	if out.Policy != "" {
		header["Content-Security-Policy"] = []string{out.Policy}
		header["Referrer-Policy"] = []string{"no-referrer"}
	}
	if out.Filename != "" {
		header["Content-Disposition"] = []string{`attachment; filename="` + out.Filename + `"`}
	}
	x.reply(status, []string{mediaTypes[out.Format]}, out.Body)
}
