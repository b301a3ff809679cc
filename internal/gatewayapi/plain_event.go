package gatewayapi

// DecodePlain reads an event in the plain form. False says that encoding/json
// has to look at it.
func (e *eventIn) DecodePlain(data []byte) bool {
	r := plainReader{text: string(data)}
	if !r.event(e) || !r.end() {
		*e = eventIn{}
		return false
	}
	return true
}

// DecodePlain reads events in the plain form.
func (e *cloudEvents) DecodePlain(data []byte) bool {
	r := plainReader{text: string(data)}
	out, ok := readList(&r, shortEvent, r.event)
	if !ok || !r.end() {
		return false
	}
	*e = out
	return true
}

// shortEvent is about how long the shortest event is that can be counted.
const shortEvent = 200

// readList reads a list that is not empty, whose elements take so many bytes or
// more.
func readList[T any](r *plainReader, short int, read func(*T) bool) ([]T, bool) {
	out := make([]T, 0, min((len(r.text)-r.at)/short+1, maxListRoom))
	if !r.take('[') {
		return nil, false
	}
	for {
		var zero T
		out = append(out, zero)
		if !read(&out[len(out)-1]) {
			return nil, false
		}
		if r.take(']') {
			return out, true
		}
		if !r.take(',') {
			return nil, false
		}
	}
}

// maxListRoom bounds the room that is made for a list ahead.
const maxListRoom = 1024

// event reads one event.
func (r *plainReader) event(out *eventIn) bool {
	return r.members(func(name string) (ok bool) {
		switch name {
		case "specversion":
			out.SpecVersion, ok = r.string()
		case "id":
			out.ID, ok = r.string()
		case "source":
			out.Source, ok = r.string()
		case "type":
			out.Type, ok = r.string()
		case "subject":
			out.Subject, ok = r.string()
		case "time":
			out.Time, ok = r.string()
		case "datacontenttype":
			out.DataType, ok = r.string()
		case "data":
			out.Data = usageData{}
			ok = r.record(&out.Data.usageRecord)
		default:
			// In small letters it is no other spelling of those above.
			if isAttribute(name) {
				_, ok = r.string()
			}
		}
		return ok
	})
}

// isAttribute tells whether a name has the form of an attribute's: small
// letters and digits.
func isAttribute(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
