package control_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

func contextThatEnds(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func TestWebhook(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, _ := h.tenant("ada@mail.test")
		_, err := h.c.GetWebhook(h.ctx, o.ID)
		refused(t, "none", err, reeve.NotFound, "webhook not found")
		_, err = h.c.SetWebhook(h.ctx, o.ID, "ftp://example.com")
		refused(t, "no HTTP", err, reeve.Invalid, "url must be an absolute https or http URL")
		_, err = h.c.SetWebhook(h.ctx, newID(), "https://example.com")
		refused(t, "of nobody", err, reeve.NotFound, "organization not found")
		first, err := h.c.SetWebhook(h.ctx, o.ID, "https://example.com/path?token=hidden")
		h.check(err)
		second, err := h.c.SetWebhook(h.ctx, o.ID, "http://other.test:81")
		h.check(err)
		for _, secret := range []reeve.Token{first, second} {
			text, ok := strings.CutPrefix(string(secret), "whsec_")
			raw, err := base64.StdEncoding.DecodeString(text)
			if !ok || err != nil || len(raw) != 32 {
				t.Errorf("a secret of %d bytes, %v", len(raw), err)
			}
		}
		if first == second {
			t.Error("the same secret twice")
		}
		state, err := h.c.GetWebhook(h.ctx, o.ID)
		h.check(err)
		if state.URL != "http://other.test:81" || !state.CreatedAt.Equal(epoch) || state.Pending != 0 {
			t.Errorf("%+v", state)
		}
		stored, err := h.s.Webhook(t.Context(), o.ID)
		h.check(err)
		raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(second), "whsec_"))
		if strings.Contains(string(stored.Secret), string(raw)) {
			t.Error("the secret is stored as it is")
		}
		h.check(h.c.DeleteWebhook(h.ctx, o.ID))
		refused(t, "deleted", h.c.DeleteWebhook(h.ctx, o.ID), reeve.NotFound, "webhook not found")
		same(t, "log", []string{
			`webhook.set  {"origin":"https://example.com"}`,
			`webhook.set {"origin":"https://example.com"} {"origin":"http://other.test:81"}`,
			`webhook.delete {"origin":"http://other.test:81"}`,
		}, h.log(o.ID)[1:], nil)
	})
}

// TestRekeyWebhooks: webhooks' secrets move to a new master key as API keys' do,
// and a start without the key that sealed them is refused.
func TestRekeyWebhooks(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, o, p := h.tenant("ada@mail.test")
		_, other, _ := h.tenant("bob@mail.test")
		next := [32]byte{2}
		for _, id := range []reeve.ID{o.ID, other.ID} {
			_, err := h.c.SetWebhook(h.ctx, id, "https://example.com")
			h.check(err)
		}
		h.check(h.c.CheckMasterKey(t.Context()))
		without := newControl(t, h.s, next)
		if err := without.CheckMasterKey(t.Context()); !reeve.IsKind(err, reeve.Invalid) || !strings.Contains(err.Error(), "the stored webhooks' secrets") {
			t.Errorf("without the key: %v", err)
		}
		if _, err := without.Rekey(h.ctx); err == nil {
			t.Error("rekeyed without the key")
		}
		_, _, err := h.c.CreateAPIKey(h.ctx, p.ID, "k", nil)
		h.check(err)
		both := newControl(t, h.s, next, masterKey)
		for _, want := range []int{3, 0} {
			changed, err := both.Rekey(h.ctx)
			same(t, "changed", want, changed, err)
		}
		h.check(without.CheckMasterKey(t.Context()))
		if err := h.c.CheckMasterKey(t.Context()); !reeve.IsKind(err, reeve.Invalid) {
			t.Errorf("with the old key alone: %v", err)
		}
		log := h.log(other.ID)
		same(t, "log", "webhook.rekey", strings.Fields(log[len(log)-1])[0], nil)

		// A secret is bound to its organisation.
		webhook, err := h.s.Webhook(t.Context(), o.ID)
		h.check(err)
		webhook.OrganizationID = other.ID
		h.check(h.s.Write(t.Context(), func(tx *store.Tx) error {
			tx.DeleteWebhook(o.ID)
			tx.PutWebhook(webhook)
			tx.Record(reeve.Change{Actor: "test", Action: "test.write"})
			return nil
		}))
		if err := without.CheckMasterKey(t.Context()); !reeve.IsKind(err, reeve.Invalid) {
			t.Errorf("another organisation's secret: %v", err)
		}
	})
}
