package macaroon

import "encoding/binary"

// Fields of the packet layer; the numbers are libmacaroons' version 2 format.
const (
	fieldEnd            = 0
	fieldLocation       = 1
	fieldIdentifier     = 2
	fieldVerificationID = 4
	fieldSignature      = 6
)

const (
	wireVersion = 2
	// headerLen counts version, head packet and end of section; trailerLen the end of sections and the tail packet.
	headerLen  = 1 + 2 + Size + 1
	trailerLen = 1 + 2 + Size
	// maxWire is the longest wire form whose serialised form has at most MaxLength characters. The bound is exact
	// because the first byte is always 2; a test holds both together.
	maxWire = 2995
	// maxPacketValue bounds every number of the packet layer, as the reference does.
	maxPacketValue = 1<<31 - 1
)

// packet is one field of a section. Its data points into what was parsed.
type packet struct {
	field int
	data  []byte
}

// section is a run of packets up to an end marker: the first three and how many there were. Three is one more than
// any valid section has after its location.
type section struct {
	first [3]packet
	n     int
}

// body drops the location, which carries no meaning.
func (s *section) body() (p []packet, n int) {
	if s.n > 0 && s.first[0].field == fieldLocation {
		return s.first[1:], s.n - 1
	}
	return s.first[:], s.n
}

// packetReader consumes the packet layer from the front. It allocates nothing and copies nothing, whatever lengths the
// data claims.
type packetReader struct{ rest []byte }

// number reads an unsigned varint.
func (r *packetReader) number() (int, error) {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > maxPacketValue {
		return 0, errVarint
	}
	r.rest = r.rest[n:]
	return int(v), nil
}

// packet reads one field. The end marker is a field without data.
func (r *packetReader) packet() (packet, error) {
	field, err := r.number()
	if err != nil || field == fieldEnd {
		return packet{}, err
	}
	size, err := r.number()
	if err != nil {
		return packet{}, err
	}
	if size > len(r.rest) {
		return packet{}, errBounds
	}
	p := packet{field: field, data: r.rest[:size]}
	r.rest = r.rest[size:]
	return p, nil
}

// section reads packets, whose fields must ascend, up to and with the end marker.
func (r *packetReader) section() (s section, err error) {
	last := fieldEnd
	for {
		if len(r.rest) == 0 {
			return section{}, errSectionEnd
		}
		p, err := r.packet()
		if err != nil {
			return section{}, err
		}
		if p.field == fieldEnd {
			return s, nil
		}
		if p.field <= last {
			return section{}, errOrder
		}
		last = p.field
		if s.n < len(s.first) {
			s.first[s.n] = p
		}
		s.n++
	}
}

// head reads the first section.
func (r *packetReader) head() ([]byte, error) {
	s, err := r.section()
	if err != nil {
		return nil, err
	}
	p, n := s.body()
	if n != 1 || p[0].field != fieldIdentifier {
		return nil, errHeader
	}
	return p[0].data, nil
}

// caveat reads the next caveat; more is false at the end of the list.
func (r *packetReader) caveat() (data []byte, more bool, err error) {
	s, err := r.section()
	if err != nil || s.n == 0 {
		return nil, false, err
	}
	p, n := s.body()
	switch {
	case n == 0 || p[0].field != fieldIdentifier:
		return nil, false, errNoIdentifier
	case n > 2:
		return nil, false, errExtraFields
	case n == 2 && p[1].field != fieldVerificationID:
		return nil, false, errBadField
	}
	return p[0].data, true, nil
}

// tail reads the last packet; what follows it is left in r.
func (r *packetReader) tail() ([]byte, error) {
	p, err := r.packet()
	switch {
	case err != nil:
		return nil, err
	case p.field != fieldSignature:
		return nil, errNoSignature
	case len(p.data) != Size:
		return nil, errSignatureLen
	}
	return p.data, nil
}

// checkWire reads data as the reference does, so that what both refuse is refused with the same words, and then
// refuses what the reference accepts but would not write. It returns the number of caveats.
func checkWire(data []byte) (caveats int, err error) {
	if len(data) < 2 {
		return 0, errEmpty
	}
	if data[0] != wireVersion {
		return 0, errVersion
	}
	r := packetReader{rest: data[1:]}
	head, err := r.head()
	if err != nil {
		return 0, err
	}
	size := headerLen + trailerLen
	for {
		caveat, more, err := r.caveat()
		if err != nil {
			return 0, err
		}
		if !more {
			break
		}
		caveats++
		size += packetLen(len(caveat))
	}
	if _, err := r.tail(); err != nil {
		return 0, err
	}
	switch {
	case len(head) != Size:
		return 0, errHeadLen
	case caveats > MaxCaveats:
		return 0, errTooMany
	case size != len(data):
		// Every other spelling of the same key is longer: each freedom of the format only adds bytes.
		return 0, errSpelling
	}
	return caveats, nil
}

// packetLen is the length of a caveat of n bytes with its field, length and end marker.
func packetLen(n int) int {
	var space [binary.MaxVarintLen64]byte
	return 1 + binary.PutUvarint(space[:], uint64(n)) + n + 1
}

// appendCaveat appends a caveat with its field, length and end marker.
func appendCaveat(wire, caveat []byte) []byte {
	wire = append(wire, fieldIdentifier)
	wire = binary.AppendUvarint(wire, uint64(len(caveat)))
	wire = append(wire, caveat...)
	return append(wire, fieldEnd)
}

// appendTrailer ends the list of caveats and appends the tail.
func appendTrailer(wire []byte, tail *[Size]byte) []byte {
	wire = append(wire, fieldEnd, fieldSignature, Size)
	return append(wire, tail[:]...)
}

// nextCaveat splits the first caveat off packets, the list of a key that checkWire accepted or Attenuate wrote, which
// is why it checks nothing.
func nextCaveat(packets []byte) (caveat, rest []byte) {
	n, width := binary.Uvarint(packets[1:])
	packets = packets[1+width:]
	return packets[:n], packets[n+1:]
}
