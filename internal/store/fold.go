package store

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/reeve-cloud/reeve"
)

// Fold gives the form in which texts are compared when something is looked for:
// without regard to case and to how a character is composed or shown (Unicode's
// full case folding between two NFKC normalisations). It is computed here, for
// the databases' own functions differ, by database and by locale.
func Fold(text string) string {
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text)))
}

// gramLength is how many characters a gram has. Shorter texts are looked for at
// the beginning of names alone.
const gramLength = 3

// grams gives all runs of gramLength characters of a folded text, each once.
func grams(folded string) []string {
	var out []string
	seen := map[string]bool{}
	var starts [gramLength]int // of the last characters
	count := 0
	for at, char := range folded {
		copy(starts[:], starts[1:])
		starts[gramLength-1] = at
		if count++; count < gramLength {
			continue
		}
		gram := folded[starts[0] : at+utf8.RuneLen(char)]
		if !seen[gram] {
			seen[gram] = true
			out = append(out, gram)
		}
	}
	return out
}

// gramNumbers gives the FNV-1a hashes of grams, ascending. Two grams may share
// one: what is found by numbers is compared.
func gramNumbers(grams []string) []int32 {
	out := make([]int32, len(grams))
	for i, gram := range grams {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(gram)) // never fails
		out[i] = int32(hash.Sum32())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// spotOf gives the place of a thing among all of its kind: 63 bits that nothing
// follows from (FNV-1a, mixed as MurmurHash3 does at its end).
func spotOf(id reeve.ID) int64 {
	hash := fnv.New64a()
	_, _ = hash.Write(id[:])
	x := binary.BigEndian.Uint64(hash.Sum(nil))
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return int64((x ^ x>>33) >> 1)
}

// maxSortKey is how many bytes of a text things are sorted by: less than what
// PostgreSQL takes into an index. Things that agree so far are in their ids'
// order.
const maxSortKey = 512

// surelyWhole is how many bytes a sort key has at most if nothing may have been
// cut off.
const surelyWhole = maxSortKey - utf8.UTFMax

// sortKey cuts a folded text.
func sortKey(folded string) string {
	if len(folded) <= maxSortKey {
		return folded
	}
	end := maxSortKey
	for !utf8.RuneStart(folded[end]) {
		end--
	}
	return folded[:end]
}

// beyond gives the first text after all that begin with a prefix; "" if there
// is none.
func beyond(prefix string) string {
	chars := []rune(prefix)
	for last := len(chars) - 1; last >= 0; last-- {
		switch next := chars[last] + 1; {
		case next == 0xd800: // the surrogates are no characters
			return string(append(chars[:last], 0xe000))
		case next <= utf8.MaxRune:
			return string(append(chars[:last], next))
		}
	}
	return ""
}
