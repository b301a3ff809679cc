package console

import "testing"

// TestPlainCells: nothing in a CSV begins as a formula does, in whatever width;
// numbers and what is no formula stay as they are.
func TestPlainCells(t *testing.T) {
	for from, want := range map[string]string{
		"=1+1": "'=1+1", "+cmd": "'+cmd", "-cheers": "'-cheers", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1",
		"＝1+1": "'＝1+1", "＋cmd": "'＋cmd", "－1": "'－1", "＠x": "'＠x",
		"-1.50": "-1.50", "+3": "+3", "a=b": "a=b", "Ünal": "Ünal", "": "",
	} {
		if got := text(from).plain(); got != want {
			t.Errorf("%q is %q, not %q", from, got, want)
		}
	}
}
