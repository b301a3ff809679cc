package console

import (
	"time"

	"github.com/reeve-cloud/reeve"
)

// everywhere is what revoking a key is.
const everywhere = "It cannot be undone. You are shown a receipt: once that is complete, no gateway and no replica accepts it any more."

func (v *visit) askRevokeKey() (*question, error) {
	k, p, err := v.onKey()
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Revoke " + k.Name, Up: p.upToKeys(), Submit: "Revoke API key", Danger: true, Back: to("keys", k.ID.String()),
		Effects: []string{
			"1 API key of " + p.Name + " stops working at once, with all keys that derive from it; how many those are nobody knows.",
			lastUseEffect(k, v.control.Now()), everywhere,
		},
	}, nil
}

func (v *visit) revokeKey(values) (*outcome, error) {
	k, err := v.control.FindAPIKey(v.ctx, v.id("key", reeve.PrefixAPIKey))
	if err != nil {
		return nil, err
	}
	done, err := v.control.DeleteAPIKey(v.ctx, k.ID)
	if err != nil {
		return nil, err
	}
	path, err := v.receiptPath(done)
	return &outcome{To: path, Said: "The API key " + k.Name + " is revoked."}, err
}

// askRevokeKeys asks before which time the keys were made that are to die.
// How many they are is said for the time that was sent, and it is done when that
// time is sent again.
func (v *visit) askRevokeKeys() (*question, error) {
	p, err := v.onProject()
	if err != nil {
		return nil, err
	}
	sent := values{v.r.PostForm}
	before, err := sent.instant("before")
	if err != nil {
		before = nil // what is wrong with it is said when it is to be done
	}
	keys, err := v.control.KeysBefore(v.ctx, p.ID, before, 24*time.Hour)
	if err != nil {
		return nil, err
	}
	what := several(keys.Before, "API key") + " of " + several(keys.All, "API key")
	if keys.Before == keys.All && !keys.All.More {
		what = several(keys.All, "API key") + ", which is all there are,"
	}
	q := &question{
		Title: "Revoke many API keys of " + p.Name, Up: p.upToKeys(), Submit: "Revoke API keys", Danger: true, Back: p.path("keys"),
		Effects: []string{what + agrees(keys.Before, " stops", " stop") + " working at once, with all keys that derive from them; how many those are nobody knows."},
		Fields: []field{
			instantField("before", "Made before", "In UTC. Empty: all that there are when you send this."),
			hidden("confirmed", sent.text("before")),
		},
	}
	if used := keys.Used; used.N > 0 {
		q.Effects = append(q.Effects, several(used, "key")+" of them "+agrees(used, "was", "were")+" used in the last day.")
	}
	q.Effects = append(q.Effects, "A key that was made before that time, and that nobody has listed yet, is refused too.", everywhere)
	return q, nil
}

func (v *visit) revokeKeys(in values) (*outcome, error) {
	before, err := in.instant("before")
	if err != nil {
		return nil, err
	}
	if in.text("before") != in.Get("confirmed") {
		return nil, reeve.Errorf(reeve.Conflict, "look at how many keys were made before that time, and send it again if you mean it")
	}
	if before == nil {
		now := v.control.Now()
		before = &now
	}
	done, err := v.control.RevokeProjectKeys(v.ctx, v.id("project", reeve.PrefixProject), *before)
	if err != nil {
		return nil, err
	}
	path, err := v.receiptPath(done)
	return &outcome{To: path, Said: tally(done.Keys, "API key") + " revoked."}, err
}
