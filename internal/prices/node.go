package prices

import (
	"fmt"
	"iter"
	"math/big"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/reeve-cloud/reeve"
)

// at makes an error that says which line it is in.
func at(node *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", node.Line, fmt.Sprintf(format, args...))
}

// shown gives a key as a message shows it.
func shown(key *yaml.Node) string {
	const most = 40
	text := []rune(key.Value)
	return strconv.Quote(string(text[:min(len(text), most)]))
}

// pairs walks a mapping, up to a key that is no text or was there before,
// which becomes the error.
func pairs(node *yaml.Node, err *error) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		seen := map[string]bool{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			switch {
			case key.Kind != yaml.ScalarNode:
				*err = at(key, "a key must be a word")
				return
			case seen[key.Value]:
				*err = at(key, "%s: is there twice", shown(key))
				return
			}
			seen[key.Value] = true
			if !yield(key, value) {
				return
			}
		}
	}
}

// wrong gives what is wrong with a key's value.
func (p place) wrong(key string, err error) error {
	return at(p.keys[key], "%s: %s: %s", p.meter, key, reason(err))
}

func reason(err error) string {
	if known := reeve.AsError(err); known.Kind != reeve.Internal {
		return known.Message
	}
	return err.Error()
}

// text gives the value of a key as it is written; "" if it is not there.
func (p place) text(key string, required bool) (string, error) {
	node := p.keys[key]
	switch {
	case node == nil && required:
		return "", at(p.node, "%s: %s: is missing", p.meter, key)
	case node == nil:
		return "", nil
	case node.Kind != yaml.ScalarNode || node.Value == "" || node.Tag == "!!null":
		return "", at(node, "%s: %s: must have a value", p.meter, key)
	}
	return node.Value, nil
}

// number gives the number that a key has; nil if it is not there.
func (p place) number(key string, required bool) (*big.Rat, error) {
	text, err := p.text(key, required)
	if err != nil || text == "" {
		return nil, err
	}
	out, err := reeve.ParseNumber(text)
	if err != nil {
		return nil, p.wrong(key, err)
	}
	return out, nil
}
