package reeve_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reeve-cloud/reeve"
)

// The vectors of the TypeID specification 0.3, valid.yml, in our prefixes.
var typeIDs = []struct{ uuid, typeID string }{
	{"00000000-0000-0000-0000-000000000000", "prj_00000000000000000000000000"},
	{"00000000-0000-0000-0000-000000000001", "prj_00000000000000000000000001"},
	{"00000000-0000-0000-0000-00000000000a", "prj_0000000000000000000000000a"},
	{"00000000-0000-0000-0000-000000000010", "prj_0000000000000000000000000g"},
	{"00000000-0000-0000-0000-000000000020", "prj_00000000000000000000000010"},
	{"ffffffff-ffff-ffff-ffff-ffffffffffff", "prj_7zzzzzzzzzzzzzzzzzzzzzzzzz"},
	{"0110c853-1d09-52d8-d73e-1194e95b5f19", "prj_0123456789abcdefghjkmnpqrs"},
	{"01890a5d-ac96-774b-bcce-b302099a8057", "prj_01h455vb4pex5vsknk084sn02q"},
}

func TestTypeIDVectors(t *testing.T) {
	for _, vector := range typeIDs {
		id, err := reeve.ParseID(reeve.PrefixProject, vector.uuid)
		if err != nil {
			t.Fatalf("%s: %v", vector.uuid, err)
		}
		if got := id.TypeID(reeve.PrefixProject); got != vector.typeID {
			t.Errorf("%s reads %s, want %s", vector.uuid, got, vector.typeID)
		}
		back, err := reeve.ParseID(reeve.PrefixProject, vector.typeID)
		if err != nil || back != id {
			t.Errorf("%s is %s, %v, want %s", vector.typeID, back, err, vector.uuid)
		}
	}
}

func TestParseIDRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":               "",
		"prefix alone":        "prj_",
		"no prefix":           "01h455vb4pex5vsknk084sn02q",
		"empty prefix":        "_01h455vb4pex5vsknk084sn02q",
		"another's prefix":    "org_01h455vb4pex5vsknk084sn02q",
		"prefix twice":        "prj_prj_01h455vb4pex5vsknk084sn02q",
		"prefix upper case":   "PRJ_01h455vb4pex5vsknk084sn02q",
		"suffix upper case":   "prj_01H455VB4PEX5VSKNK084SN02Q",
		"overflow":            "prj_8zzzzzzzzzzzzzzzzzzzzzzzzz",
		"overflow by letters": "prj_zzzzzzzzzzzzzzzzzzzzzzzzzz",
		"below the digits":    "prj_/1h455vb4pex5vsknk084sn02q",
		"too short":           "prj_01h455vb4pex5vsknk084sn02",
		"too long":            "prj_01h455vb4pex5vsknk084sn02q0",
		"letter i":            "prj_01h455vb4pex5vsknk084sn0iq",
		"letter l":            "prj_01h455vb4pex5vsknk084sn0lq",
		"letter o":            "prj_01h455vb4pex5vsknk084sn0oq",
		"letter u":            "prj_01h455vb4pex5vsknk084sn0uq",
		"dash in suffix":      "prj_01h455vb4pex5vsknk084s-n02",
		"blank before":        " prj_01h455vb4pex5vsknk084sn02q",
		"blank after":         "prj_01h455vb4pex5vsknk084sn02q ",
		"uuid without dashes": "01890a5dac96774bbcceb302099a8057",
		"uuid in braces":      "{01890a5d-ac96-774b-bcce-b302099a8057}",
		"uuid as urn":         "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057",
		"uuid dash moved":     "01890a5da-c96-774b-bcce-b302099a8057",
		"uuid not hex":        "01890a5d-ac96-774b-bcce-b302099a805g",
		"uuid with prefix":    "prj_01890a5d-ac96-774b-bcce-b302099a8057",
		"36 other bytes":      strings.Repeat("\xff", 36),
	} {
		if id, err := reeve.ParseID(reeve.PrefixProject, text); err != reeve.ErrMalformedID || id != reeve.Zero {
			t.Errorf("%s: %q is %s, %v", name, text, id, err)
		}
	}
}

// TestFindID: an id is found however it was pasted, and nothing else is one.
func TestFindID(t *testing.T) {
	const id = "0188bac7-4afa-78aa-bc3b-bd1eef28d881"
	want, err := reeve.ParseID(reeve.PrefixProject, id)
	if err != nil {
		t.Fatal(err)
	}
	typeID := want.TypeID(reeve.PrefixProject)
	bare := strings.ReplaceAll(id, "-", "")
	for _, text := range []string{
		id, bare, strings.ToUpper(bare), "{" + id + "}", "urn:uuid:" + id, "URN:UUID:" + strings.ToUpper(id), " " + typeID + "\n",
		strings.ToUpper(typeID),
	} {
		if got, err := reeve.FindID(reeve.PrefixProject, text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "{}", "{" + id, id + "}", "{" + id + ")", bare[1:], bare + "0", "urn:uuid:", want.TypeID(reeve.PrefixUser), "g" + bare[1:],
	} {
		if got, err := reeve.FindID(reeve.PrefixProject, text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestParseIDUpperCaseUUID(t *testing.T) {
	id, err := reeve.ParseID(reeve.PrefixUser, "01890A5D-AC96-774B-BCCE-B302099A8057")
	if err != nil || id.String() != "01890a5d-ac96-774b-bcce-b302099a8057" {
		t.Errorf("%s, %v", id, err)
	}
}

var allPrefixes = []reeve.Prefix{
	reeve.PrefixUser, reeve.PrefixOrganization, reeve.PrefixProject, reeve.PrefixServiceAccount,
	reeve.PrefixAPIKey, reeve.PrefixOrganizationKey, reeve.PrefixGateway, reeve.PrefixCoupon,
	reeve.PrefixStatement,
}

func drawID(t *rapid.T) reeve.ID {
	return reeve.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
}

// TestIDRoundTrip: both spellings of any id read back as the same bits, with
// its own prefix or as an id of any kind, and with no other prefix.
func TestIDRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := drawID(t)
		prefix := rapid.SampledFrom(allPrefixes).Draw(t, "prefix")
		other := rapid.SampledFrom(allPrefixes).Draw(t, "other")
		text, err := id.MarshalText()
		if err != nil || string(text) != id.String() {
			t.Fatalf("marshals as %q, %v", text, err)
		}
		for _, spelling := range []string{id.String(), id.TypeID(prefix)} {
			if got, err := reeve.ParseID(prefix, spelling); err != nil || got != id {
				t.Fatalf("ParseID(%q): %s, %v", spelling, got, err)
			}
			if got, err := reeve.ParseAnyID(spelling); err != nil || got != id {
				t.Fatalf("ParseAnyID(%q): %s, %v", spelling, got, err)
			}
		}
		if _, err := reeve.ParseID(other, id.TypeID(prefix)); (err == nil) != (other == prefix) {
			t.Fatalf("%s as %s: %v", id.TypeID(prefix), other, err)
		}
	})
}

// TestTypeIDOrder: TypeIDs sort as their ids do.
func TestTypeIDOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawID(t), drawID(t)
		texts := strings.Compare(a.TypeID(reeve.PrefixUser), b.TypeID(reeve.PrefixUser))
		if bits := bytes.Compare(a[:], b[:]); texts != bits {
			t.Fatalf("%s and %s: texts compare as %d, bits as %d", a, b, texts, bits)
		}
	})
}

// FuzzParseID: what parses is one of the id's two spellings.
func FuzzParseID(f *testing.F) {
	for _, vector := range typeIDs {
		f.Add(vector.uuid)
		f.Add(vector.typeID)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := reeve.ParseID(reeve.PrefixProject, text)
		if err == nil && text != id.TypeID(reeve.PrefixProject) && strings.ToLower(text) != id.String() {
			t.Errorf("%q read as %s", text, id)
		}
	})
}
