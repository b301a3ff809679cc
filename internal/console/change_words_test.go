package console

import (
	"testing"

	"github.com/reeve-cloud/reeve"
)

func TestChangeWords(t *testing.T) {
	for _, test := range []struct{ action, before, after, what, fields string }{
		{"project.create", "", `{"name":"px","ownerId":"u","description":""}`, "Project created", "name “px”; owner u"},
		{"project.update", `{"name":"px"}`, `{"name":"<b>"}`, "Project changed", "name “px” → “<b>”"},
		{"user.update", `{}`, `{"fullName":"changed","passwordHash":"changed"}`, "User changed", "full name changed; password changed"},
		{"user.update", `{"projectLimit":3}`, `{"projectLimit":5}`, "User changed", "project limit 3 → 5"},
		{"coupon.delete", `{"amount":12345,"applied":0,"duration":2,"description":"hi"}`, "", "Coupon deleted", "was: description “hi”; amount $123.45; used $0.00; months 2"},
		{"limits.update", `{"usage":"default","rate":"5"}`, `{"usage":"1000000000000","rate":"unlimited"}`, "Limits changed", "storage default → 1.00 TB; requests a second 5 → unlimited"},
		{"user.freeze", `{"type":"billing"}`, `{"type":"legal","until":"2026-12-01T00:00:00Z"}`, "User frozen", "for billing → legal; until none → 2026-12-01 00:00 UTC"},
		{"statement.pay", `{"status":"final"}`, `{"status":"paid","due":9007199254740993}`, "Statement paid", "status final → paid; due none → $90,071,992,547,409.93"},
		{"member.disable", `{"role":"admin","disabled":false}`, `{"role":"admin","disabled":true}`, "Member disabled", "disabled no → yes"},
		{"project.revoke", "", `{"before":"2026-12-01T00:00:00Z"}`, "All API keys revoked", "made before 2026-12-01 00:00 UTC"},
		{"totp.enable", "", "", "Second factor switched on", ""},
		{"new.thing", `{"z":1,"a":[1]}`, `{"z":2,"a":[1]}`, "new.thing", "z 1 → 2"},
		{"project.update", `{"name":"مشروع"}`, `{"name":"项目"}`, "Project changed", "name “\u2068مشروع\u2069” → “项目”"},
	} {
		c := reeve.Change{Action: test.action, Before: reeve.Fields(test.before), After: reeve.Fields(test.after)}
		if test.before == "" {
			c.Before = nil
		}
		if test.after == "" {
			c.After = nil
		}
		if got := actionWords(c.Action); got != test.what {
			t.Errorf("%s is %q, want %q", test.action, got, test.what)
		}
		if got := changeFields(c); got != test.fields {
			t.Errorf("%s %s %s is %q, want %q", test.action, test.before, test.after, got, test.fields)
		}
	}
}

func TestParseDollars(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "25": 2500, "12.5": 1250, " $1,234.56 ": 123456, "0.01": 1, "92233720368547758.07": 9223372036854775807,
		"": -1, "-1": -1, "1.": -1, ".5": -1, "1.234": -1, "1e3": -1, "92233720368547758.08": -1, "１": -1, "1.2.3": -1, "$": -1, "1,5": -1, "1.500,00": -1, "1234,567": -1, ",123": -1, "1,234,567": 123456700,
	} {
		got, err := parseDollars(text)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q is %d, %v", text, got, err)
		}
	}
}
