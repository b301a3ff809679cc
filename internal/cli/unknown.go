package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// distance is how many letters may be wrong in a word that is known again.
const distance = 2

// meant are words that others use for a verb.
var meant = map[string][]string{
	"get": {"show", "describe", "view"}, "list": {"ls", "all"}, "create": {"add", "new", "make"}, "update": {"edit", "change", "set"},
	"delete": {"rm", "remove", "del"}, "restore": {"undelete"},
}

// Unknown says which word of a command line is no command, and what may have
// been meant; nil if all are, or are arguments. It comes before the flags, which
// are those of the command that is meant.
func Unknown(root *cobra.Command, args []string) error {
	found, rest, err := root.Find(args)
	if err == nil && (!found.HasSubCommands() || found.Args == nil || found.ValidateArgs([]string{"word"}) == nil) {
		return nil // it takes arguments
	}
	if len(rest) == 0 || strings.HasPrefix(rest[0], "-") { // whether the next word is its value, its command says
		return nil
	}
	if strings.HasPrefix(rest[0], "__") { // a shell asks
		return nil
	}
	found.SuggestionsMinimumDistance = distance
	hint := strings.Replace(found.CommandPath(), root.Name(), root.Name()+" help", 1) + " lists those there are"
	like := found.SuggestionsFor(rest[0])
	if whole := slices.DeleteFunc(slices.Clone(like), func(name string) bool { return !strings.HasPrefix(name, rest[0]) }); len(whole) > 0 {
		like = whole
	}
	if len(like) > 0 {
		hint = "did you mean " + strings.Join(like, ", ") + "?"
	}
	return fmt.Errorf("unknown command %q for %q; %s", rest[0], found.CommandPath(), hint)
}
