package control

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/reeve-cloud/reeve/macaroon"
)

// restrictions says in words what a caveat takes away; "restricts nothing" if
// that is nothing. Paths are encrypted and any bytes: they are shown in base64.
func restrictions(c *macaroon.Caveat) []string {
	out := []string{}
	if c.Disallow != 0 {
		out = append(out, "forbids "+strings.Join(c.Disallow.Names(), ", "))
	}
	if len(c.AllowedPaths) > 0 {
		places := make([]string, len(c.AllowedPaths))
		for i, path := range c.AllowedPaths {
			places[i] = "bucket " + strconv.Quote(string(path.Bucket))
			if len(path.EncryptedPathPrefix) > 0 {
				places[i] += " where encrypted paths begin with base64:" + base64.StdEncoding.EncodeToString(path.EncryptedPathPrefix)
			}
		}
		out = append(out, "allows only "+strings.Join(places, ", "))
	}
	if !c.NotBefore.IsZero() {
		out = append(out, "not before "+c.NotBefore.UTC().Format(time.RFC3339Nano))
	}
	if !c.NotAfter.IsZero() {
		out = append(out, "not after "+c.NotAfter.UTC().Format(time.RFC3339Nano))
	}
	if c.MaxObjectTTL != nil {
		out = append(out, "objects live "+c.MaxObjectTTL.String()+" at most")
	}
	if len(out) == 0 {
		out = append(out, "restricts nothing")
	}
	return out
}
