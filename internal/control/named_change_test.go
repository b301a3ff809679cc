package control_test

import (
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
)

// TestNamesOfChanges: who made changes and what they are of have names, as long
// as they are there.
func TestNamesOfChanges(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ada, o, p := h.tenant("ada@mail.test")
		nina, _, err := h.c.CreateOperator(h.ctx, "Nina", reeve.OperatorSupport)
		h.check(err)
		byNina := as(t, reeve.Actor{Kind: reeve.Operator, ID: nina.ID, OperatorRole: nina.Role})
		gateway, edge := h.leaseholder()
		app, _, err := h.c.CreateAPIKey(byNina, p.ID, "app", nil)
		h.check(err)
		ci, token, err := h.c.CreateOrganizationKey(byNina, control.NewOrganizationKey{OrganizationID: o.ID, Name: "ci", Role: reeve.RoleAdmin})
		h.check(err)
		coupon, err := h.c.CreateCoupon(h.ctx, reeve.Coupon{UserID: ada.ID, Amount: 1, Duration: 1, Description: "a gift"})
		h.check(err)
		rename := func(name string) reeve.ProjectPatch { return reeve.ProjectPatch{Name: &name} }
		_, err = h.c.UpdateProject(holding(t, token), p.ID, rename("beta"))
		h.check(err)
		_, err = h.c.UpdateProject(h.session(h.password(ada, secret)), p.ID, rename("gamma"))
		h.check(err)
		h.check(h.c.TakeBucket(edge, p.ID, "one"))
		bob := h.member(o, "bob@mail.test", reeve.RoleViewer)
		h.check(h.c.PutProjectMember(h.ctx, p.ID, bob.ID, reeve.RoleViewer))

		actors, err := h.c.NameActors(h.ctx, h.all())
		same(t, "actors", map[reeve.ID]string{
			nina.ID: "Nina", ci.ID: "ci", ada.ID: "Ada Lovelace <ada@mail.test>", gateway: "edge",
		}, actors, err)
		of := func(kind control.FoundKind, id reeve.ID) *control.Named { return &control.Named{Kind: kind, ID: id} }
		named := func(kind control.FoundKind, id reeve.ID, name string, within *control.Named) control.Found {
			return control.Found{Named: control.Named{Kind: kind, ID: id, Name: name}, Of: within}
		}
		targets, err := h.c.NameTargets(h.ctx, h.all())
		same(t, "targets", map[reeve.ID]control.Found{
			ada.ID:    named("user", ada.ID, "Ada Lovelace", nil),
			bob.ID:    named("user", bob.ID, "Ada Lovelace", nil),
			o.ID:      named("organization", o.ID, "Acme", of("user", ada.ID)),
			p.ID:      named("project", p.ID, "gamma", of("organization", o.ID)),
			nina.ID:   named("operator", nina.ID, "Nina", nil),
			gateway:   named("gateway", gateway, "edge", nil),
			app.ID:    named("apikey", app.ID, "app", of("project", p.ID)),
			ci.ID:     named("organization_key", ci.ID, "ci", of("organization", o.ID)),
			coupon.ID: named("coupon", coupon.ID, "a gift", of("user", ada.ID)),
		}, targets, err)

		h.check(h.c.DeleteOperator(h.ctx, nina.ID))
		h.check(h.c.DeleteOrganizationKey(h.ctx, o.ID, "ci"))
		h.check(h.c.DeleteGateway(h.ctx, gateway))
		h.check(deleteKey(h.ctx, h.c, p.ID, "app"))
		actors, err = h.c.NameActors(h.ctx, h.all())
		same(t, "actors that are left", map[reeve.ID]string{ada.ID: "Ada Lovelace <ada@mail.test>"}, actors, err)
		targets, err = h.c.NameTargets(h.ctx, h.all())
		if err != nil || len(targets) != 5 {
			t.Errorf("targets that are left: %v %v", targets, err)
		}
		none, err := h.c.NameActors(h.ctx, nil)
		same(t, "of nothing", map[reeve.ID]string{}, none, err)
		nothing, err := h.c.NameTargets(h.ctx, []reeve.Change{{Action: "mail.send", Target: p.ID, At: time.Now()}})
		same(t, "of another kind", map[reeve.ID]control.Found{}, nothing, err)
	})
}
