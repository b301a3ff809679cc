package macaroon

// MaxGrantLength is the most characters an access grant may have: a key's, and as many for the rest.
const MaxGrantLength = 2 * MaxLength

// Fields of an access grant, which is a protobuf message in base58check with version byte 0; the numbers are those of
// Scope in storj.io/common/grant.
const (
	grantAddress    = 1
	grantKey        = 2
	grantEncryption = 3
)

// ParseGrant reads the key out of an access grant: what users of Storj hand on instead of a key, with the satellite's
// address in front and the means to decrypt objects behind. Neither is looked at. Its errors are ErrFormat.
func ParseGrant(s string) (Key, error) {
	if len(s) > MaxGrantLength {
		return Key{}, errTooLong
	}
	message, ok := checkDecode(s)
	if !ok {
		return Key{}, errGrantFormat
	}
	var parts [grantEncryption + 1][]byte
	for in := (fieldReader{rest: message}); len(in.rest) > 0; {
		field, err := in.tag()
		if err != nil || field > grantEncryption {
			return Key{}, errGrantFormat
		}
		if parts[field], err = in.bytes(); err != nil {
			return Key{}, errGrantFormat
		}
	}
	wire := parts[grantKey]
	if len(parts[grantAddress]) == 0 || len(wire) > maxWire {
		return Key{}, errGrantFormat
	}
	caveats, err := checkWire(wire)
	if err != nil {
		return Key{}, err
	}
	return Key{&form{wire: wire, caveats: caveats}}, nil
}
