package console

import (
	"strconv"
	"strings"

	"github.com/reeve-cloud/reeve/internal/document"
)

// counted says how many of something there are, in words for one and for more.
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return document.Thousands(strconv.Itoa(n)) + " " + more
}

// plainLines is a text of several lines as a browser sends it, with line ends of
// one character.
func plainLines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }
