package gatewayapi

import (
	"encoding/json"
	"strconv"
)

// plainReader reads the JSON that gateways write: an object whose values are
// strings without escapes, short numbers and booleans. Whatever else there is
// in a text, it gives up, and encoding/json reads it.
type plainReader struct {
	text string
	at   int
}

// space skips white space.
func (r *plainReader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return
		}
	}
}

// take skips a byte, if it is the next one.
func (r *plainReader) take(b byte) bool {
	r.space()
	if r.at == len(r.text) || r.text[r.at] != b {
		return false
	}
	r.at++
	return true
}

// string reads a string of printable ASCII.
func (r *plainReader) string() (string, bool) {
	if !r.take('"') {
		return "", false
	}
	for start := r.at; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return r.text[start : r.at-1], true
		case c < ' ' || c == '\\' || c >= 0x7f:
			return "", false
		}
	}
	return "", false
}

// maxPlainDigits keeps every number that is read within an int64.
const maxPlainDigits = 18

// number reads a number without sign, fraction and exponent.
func (r *plainReader) number() (int64, bool) {
	digits, ok := r.digits()
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}

// digits reads such a number as it is written.
func (r *plainReader) digits() (string, bool) {
	r.space()
	start := r.at
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	digits := r.text[start:r.at]
	if digits == "" || len(digits) > maxPlainDigits || digits[0] == '0' && len(digits) > 1 {
		return "", false
	}
	if r.at < len(r.text) && (r.text[r.at] == '.' || r.text[r.at]|0x20 == 'e') {
		return "", false
	}
	return digits, true
}

// object reads an object to the end of the text.
func (r *plainReader) object(member func(name string) bool) bool {
	return r.members(member) && r.end()
}

// end tells whether nothing but white space is left.
func (r *plainReader) end() bool {
	r.space()
	return r.at == len(r.text)
}

// members reads the members of an object, each by a call of member.
func (r *plainReader) members(member func(name string) bool) bool {
	if !r.take('{') {
		return false
	}
	for first := true; !first || !r.take('}'); first = false {
		name, ok := r.string()
		if !ok || !r.take(':') || !member(name) {
			return false
		}
		if r.take('}') {
			return true
		}
		if !r.take(',') {
			return false
		}
	}
	return true
}

// DecodePlain reads a body that asks about one key, in the plain form. False
// says that encoding/json has to look at it.
func (v *verifyBody) DecodePlain(data []byte) bool {
	r := plainReader{text: string(data)}
	q := &v.question
	done := r.object(func(name string) (ok bool) {
		var text string
		switch name {
		case "key":
			if text, ok = r.string(); ok {
				q.Key = &text
			}
		case "action":
			q.Action, ok = r.string()
		case "bucket":
			q.Bucket, ok = r.string()
		case "path":
			q.Path, ok = r.string()
		case "project":
			if text, ok = r.string(); ok {
				q.Project = &projectID{}
				ok = q.Project.UnmarshalText([]byte(text)) == nil
			}
		case "cost":
			var n int64
			if n, ok = r.number(); ok {
				q.Cost = &n
			}
		}
		return ok
	})
	if !done {
		*v = verifyBody{}
	}
	return done
}

// isPlain tells whether encoding/json would write a text as it is.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// AppendJSON writes what encoding/json would, but for the rare forms quicker.
func (v *verdicts) AppendJSON(b []byte) ([]byte, error) {
	if v.verdict == nil || v.Lineage != nil || v.IssuedAt != nil || v.KeyID == nil || len(v.Restrictions) > 0 ||
		!isPlain(*v.KeyName) || !isPlain(v.Decision) {
		text, err := json.Marshal(v)
		return append(b, text...), err
	}
	b = append(b, `{"valid":`...)
	b = strconv.AppendBool(b, v.Valid)
	b = append(append(b, `,"code":"`...), v.Code...)
	b = v.ProjectID.Append(append(b, `","projectId":"`...))
	b = v.OrganizationID.Append(append(b, `","organizationId":"`...))
	b = v.OwnerID.Append(append(b, `","ownerId":"`...))
	b = v.KeyID.Append(append(b, `","keyId":"`...))
	b = append(append(b, `","keyName":"`...), *v.KeyName...)
	b = append(b, `","restrictions":[],"limits":{"usage":`...)
	b = appendNumber(b, v.Limits.Usage)
	b = appendNumber(append(b, `,"bandwidth":`...), v.Limits.Bandwidth)
	b = appendNumber(append(b, `,"rate":`...), v.Limits.Rate)
	b = appendNumber(append(b, `,"buckets":`...), v.Limits.Buckets)
	b = append(b, `},"rate":`...)
	if v.Rate == nil {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(append(b, `{"limit":`...), v.Rate.Limit, 10)
		b = strconv.AppendInt(append(b, `,"remaining":`...), v.Rate.Remaining, 10)
		b = strconv.AppendInt(append(b, `,"reset":`...), v.Rate.Reset, 10)
		b = append(b, '}')
	}
	b = append(append(b, `,"decision":"`...), v.Decision...)
	b = strconv.AppendInt(append(b, `","epoch":`...), v.Epoch, 10)
	return append(b, '}'), nil
}

func appendNumber(b []byte, n *int64) []byte {
	if n == nil {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, *n, 10)
}
