package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/control"
	"github.com/reeve-cloud/reeve/internal/store"
)

// cloud is a house with fixed ids, so that the same usage gives the same
// statements in each: user 1 owns the organisations 1 and 2, user 2 the third.
// Each organisation has two projects, numbered through.
type cloud struct {
	house
	gateways []context.Context
	sequence []int64
}

// fixedID is the same in every cloud.
func fixedID(kind, n byte) reeve.ID {
	return reeve.ID{1, 0x90, 0, 0, 0, kind, 0x70, n, 0x80, 0, 0, 0, 0, 0, 0, n}
}

func userID(n byte) reeve.ID         { return fixedID(1, n) }
func organizationID(n byte) reeve.ID { return fixedID(2, n) }
func projectID(n byte) reeve.ID      { return fixedID(3, n) }

// cloudPrices are in tiers, with a free allowance, so that lines are not
// simply proportional.
const cloudPrices = `{"currency":"USD","prices":[
	{"meter":"storage","from":"2026-01","unit":"GB-month","free":"1","tiers":[{"upTo":"50","price":"3.5"},{"price":"1.25"}]},
	{"meter":"egress","from":"2026-01","unit":"GB","tiers":[{"upTo":"10","price":"7"},{"price":"0.333333333"}]},
	{"meter":"egress","from":"2026-12","unit":"GB","tiers":[{"price":"11"}]},
	{"meter":"requests","from":"2026-01","unit":"1000 requests","tiers":[{"price":"0.4"}]}]}`

func prices(t *testing.T, text string) (out reeve.PriceList) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// billing makes another Control on the house's store, with prices.
func (h house) billing(t *testing.T, closeAfter time.Duration) *control.Control {
	t.Helper()
	ring, err := control.NewKeyring(masterKey)
	if err != nil {
		t.Fatal(err)
	}
	out := control.New(h.s, control.Settings{
		ProjectLimit: 10, PasswordHashing: 2, Keyring: ring, Prices: prices(t, cloudPrices), CloseAfter: closeAfter,
		RestoreWindow: restoreWindow,
	})
	control.SetCloseProjects(out, 1) // an owner in each transaction
	return out
}

func newCloud(t *testing.T, config store.Config) *cloud {
	t.Helper()
	h := newHouse(t, config)
	h.c = h.billing(t, 0)
	made := time.Date(2026, 10, 3, 12, 0, 0, 0, time.UTC)
	h.check(h.s.Write(t.Context(), func(tx *store.Tx) error {
		for n := byte(1); n <= 2; n++ {
			tx.CreateUser(reeve.User{ID: userID(n), Email: fmt.Sprintf("u%d@mail.test", n), FullName: "U", PasswordHash: []byte("x"), ProjectLimit: 10, CreatedAt: made})
		}
		for n := byte(1); n <= 3; n++ {
			owner := userID(1 + n/3)
			tx.CreateOrganization(reeve.Organization{ID: organizationID(n), Name: fmt.Sprintf("org %d", n), OwnerID: owner, CreatedAt: made})
			tx.CreateMember(store.InOrganization(organizationID(n)), reeve.Member{UserID: owner, Role: reeve.RoleAdmin, CreatedAt: made})
			for p := 2*n - 1; p <= 2*n; p++ {
				tx.CreateProject(reeve.Project{
					ID: projectID(p), OrganizationID: organizationID(n), OwnerID: owner, ServiceAccountID: fixedID(4, p),
					Name: fmt.Sprintf("project %d", p), CreatedAt: made,
				})
			}
		}
		tx.Record(reeve.Change{Actor: "root", Action: "user.create", Target: userID(1)})
		return nil
	}))
	c := &cloud{house: h}
	for i := range 3 {
		c.gateways = append(c.gateways, h.gateway(fmt.Sprint("g", i)))
		c.sequence = append(c.sequence, 0)
	}
	return c
}

// coupon gives a user a coupon with a fixed id.
func (c *cloud) coupon(n, user byte, amount, duration int64, created time.Time) {
	c.t.Helper()
	c.check(c.s.Write(c.t.Context(), func(tx *store.Tx) error {
		tx.CreateCoupon(reeve.Coupon{
			ID: fixedID(5, n), UserID: userID(user), Amount: amount, Duration: duration,
			Description: fmt.Sprint("coupon ", n), CreatedAt: created,
		})
		tx.Record(reeve.Change{Actor: "root", Action: "coupon.create", Target: fixedID(5, n)})
		return nil
	}))
}

// credit gives an organisation a credit with a fixed id.
func (c *cloud) credit(n, organization byte, amount int64) {
	c.t.Helper()
	c.check(c.s.Write(c.t.Context(), func(tx *store.Tx) error {
		tx.CreateCredit(reeve.Credit{
			ID: fixedID(6, n), OrganizationID: organizationID(organization), Amount: amount,
			Description: fmt.Sprint("credit ", n), EffectiveAt: reeve.Month(202610).Start(), CreatedAt: reeve.Month(202610).Start(),
		})
		tx.Record(reeve.Change{Actor: "root", Action: "credit.create", Target: fixedID(6, n)})
		return nil
	}))
}

// used is a record of a project.
func used(project byte, meter reeve.UsageMeter, at time.Time, value int64) reeve.UsageRecord {
	return reeve.UsageRecord{ProjectID: projectID(project), Meter: meter, At: at, Value: value}
}

// send sends one batch by one of the gateways.
func (c *cloud) send(by int, records ...reeve.UsageRecord) {
	c.t.Helper()
	c.sequence[by]++
	batch := control.UsageBatch{Sequence: c.sequence[by]}
	for _, r := range records {
		batch.Records = append(batch.Records, control.UsageItem{UsageRecord: r})
	}
	for range 1 + c.sequence[by]%2 { // every second one comes twice
		refusals, err := c.c.IngestUsage(c.gateways[by], batch)
		c.check(err)
		if i := slices.IndexFunc(refusals, func(text string) bool { return text != "" }); i >= 0 {
			c.t.Fatalf("%+v is refused: %s", records[i], refusals[i])
		}
	}
}

// sendAnyhow sends records in any order, in batches of any size, by any
// gateway, and has some added up in between.
func (c *cloud) sendAnyhow(chance *rand.Rand, records []reeve.UsageRecord) {
	c.t.Helper()
	records = slices.Clone(records)
	chance.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	for len(records) > 0 {
		n := 1 + chance.IntN(min(len(records), 60))
		c.send(chance.IntN(len(c.gateways)), records[:n]...)
		records = records[n:]
		if chance.IntN(3) == 0 {
			c.check(control.DrainUsage(c.c, c.t.Context()))
		}
	}
}

// month closes a month, from a time just after it.
func (c *cloud) month(month reeve.Month) control.ClosedMonth {
	c.t.Helper()
	if c.clock.now().Before(month.End()) {
		c.clock.set(month.End())
	}
	out, err := c.c.CloseMonth(c.ctx, month)
	c.check(err)
	return out
}

// statement gives an organisation's statement.
func (c *cloud) statement(organization byte, month reeve.Month) reeve.Statement {
	c.t.Helper()
	out, err := c.c.GetStatement(c.ctx, reeve.StatementID(organizationID(organization), month))
	c.check(err)
	return out
}

// statements gives all that is kept, oldest first, and checks that they add up.
func (c *cloud) statements() []reeve.Statement {
	c.t.Helper()
	list, err := c.s.Statements(c.t.Context(), store.StatementFilter{})
	c.check(err)
	slices.SortFunc(list, func(a, b reeve.Statement) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	out := []reeve.Statement{}
	for _, s := range list {
		full, err := c.s.Statement(c.t.Context(), s.ID)
		c.check(err)
		out = append(out, full)
	}
	c.conserved(out)
	return out
}

// conserved checks that nothing is paid or billed twice, or not at all.
func (c *cloud) conserved(statements []reeve.Statement) {
	c.t.Helper()
	type key struct {
		project reeve.ID
		meter   reeve.UsageMeter
		month   reeve.Month
	}
	billed := map[key]*reeve.Billed{}
	applied := map[reeve.ID]int64{}
	for _, s := range statements {
		var gross, coupons, credits int64
		for _, l := range s.Lines {
			gross += l.Cents
			k := key{l.ProjectID, l.Meter, l.Month}
			if billed[k] == nil {
				billed[k] = &reeve.Billed{Quantity: new(big.Int), Microcents: new(big.Int), Cents: new(big.Int)}
			}
			billed[k].Quantity.Add(billed[k].Quantity, l.Quantity)
			billed[k].Microcents.Add(billed[k].Microcents, l.Microcents)
			billed[k].Cents.Add(billed[k].Cents, big.NewInt(l.Cents))
		}
		for _, part := range s.Settlements {
			if part.Kind == reeve.SettledByCoupon {
				coupons += part.Cents
			} else {
				credits += part.Cents
			}
			if part.Cents > 0 && s.Status != reeve.StatementVoid {
				applied[part.SourceID] += part.Cents
			}
		}
		if gross != s.Gross || coupons != s.Coupons || credits != s.Credits || s.Coupons+s.Credits+s.Due != s.Gross || s.Due < 0 {
			c.t.Errorf("statement %s does not add up: %+v", s.ID, s)
		}
	}
	for k, sum := range billed {
		if want := reeve.Cents(sum.Microcents); sum.Cents.Cmp(want) != 0 {
			c.t.Errorf("%v: billed %s cents, at once they were %s", k, sum.Cents, want)
		}
		total, err := c.s.UsageTotal(c.t.Context(), k.project, k.month, c.s.Now())
		c.check(err)
		late, err := c.s.UsageLate(c.t.Context(), []reeve.ID{k.project}, 999912)
		c.check(err)
		if want := total.Of(k.meter).Big(); want.Cmp(sum.Quantity) != 0 && !slices.Contains(late[k.project], k.month) {
			c.t.Errorf("%v: billed %s, used %s", k, sum.Quantity, want)
		}
	}
	c.settled(applied)
}

// settled checks that coupons and credits have lost what statements used, and
// no more than there was.
func (c *cloud) settled(applied map[reeve.ID]int64) {
	c.t.Helper()
	for n := byte(1); n <= 2; n++ {
		coupons, err := c.s.CouponsOf(c.t.Context(), userID(n))
		c.check(err)
		for _, coupon := range coupons {
			if coupon.Applied != applied[coupon.ID] || coupon.Applied > coupon.Amount {
				c.t.Errorf("of coupon %s %d are used, statements have %d", coupon.Description, coupon.Applied, applied[coupon.ID])
			}
		}
	}
}

// text is what two runs are compared by.
func text(t *testing.T, statements []reeve.Statement) string {
	t.Helper()
	out, err := json.MarshalIndent(statements, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
