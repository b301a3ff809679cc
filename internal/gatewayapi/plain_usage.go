package gatewayapi

import (
	"encoding/json"
	"strconv"
)

// DecodePlain reads a batch in the plain form. False says that encoding/json
// has to look at it.
func (u *usageBody) DecodePlain(data []byte) bool {
	r := plainReader{text: string(data)}
	done := r.object(func(name string) (ok bool) {
		switch name {
		case "gateway":
			u.Gateway, ok = r.string()
		case "sequence":
			u.Sequence, ok = r.number()
		case "records":
			if u.Records == nil { // else encoding/json would mix the two lists
				u.Records, ok = readList(&r, shortRecord, r.record)
			}
		}
		return ok
	})
	if !done {
		*u = usageBody{}
	}
	return done
}

// shortRecord is about how long the shortest record is that can be counted.
const shortRecord = 100

// record reads one record.
func (r *plainReader) record(out *usageRecord) bool {
	return r.members(func(name string) (ok bool) {
		switch name {
		case "projectId":
			out.ProjectID, ok = r.string()
		case "bucket":
			out.Bucket, ok = r.string()
		case "meter":
			out.Meter, ok = r.string()
		case "at":
			out.At, ok = r.string()
		case "value":
			var digits string
			digits, ok = r.digits()
			out.Value = wholeNumber(digits)
		}
		return ok
	})
}

// AppendJSON writes what encoding/json would.
func (u *usageReply) AppendJSON(b []byte) ([]byte, error) {
	b = append(b, '{')
	if u.Sequence != 0 {
		b = append(strconv.AppendInt(append(b, `"sequence":`...), u.Sequence, 10), ',')
	}
	b = append(b, `"results":[`...)
	for i := range u.Results {
		if i > 0 {
			b = append(b, ',')
		}
		b = u.Results[i].append(b)
	}
	return append(b, "]}"...), nil
}

// append appends the result as encoding/json would write it.
func (r *usageResult) append(b []byte) []byte {
	b = append(append(b, `{"status":"`...), r.Status...)
	switch {
	case r.Reason == "":
		return append(b, `"}`...)
	case isPlain(r.Reason):
		return append(append(append(b, `","reason":"`...), r.Reason...), `"}`...)
	default:
		quoted, _ := json.Marshal(r.Reason) // a string can always be written
		return append(append(append(b, `","reason":`...), quoted...), '}')
	}
}
