package control

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// The snapshots hold what restoring needs, and no key, session or code. A field
// that is added must be optional: older snapshots lack it.
type (
	projectSnapshot struct {
		OrganizationID   keptID           `json:"organizationId"`
		OwnerID          keptID           `json:"ownerId"`
		ServiceAccountID keptID           `json:"serviceAccountId"`
		Description      string           `json:"description"`
		CreatedAt        time.Time        `json:"createdAt"`
		Limits           limitsSnapshot   `json:"limits"`
		RevokedBefore    *time.Time       `json:"revokedBefore"`
		Frozen           bool             `json:"frozen"`
		Bandwidth        meterSnapshot    `json:"bandwidth"`
		Members          []memberSnapshot `json:"members"`
		Freeze           *freezeSnapshot  `json:"freeze"`
	}
	organizationSnapshot struct {
		OwnerID   keptID           `json:"ownerId"`
		CreatedAt time.Time        `json:"createdAt"`
		Budget    *int64           `json:"budget"`
		Members   []memberSnapshot `json:"members"`
		Freeze    *freezeSnapshot  `json:"freeze"`
	}
	userSnapshot struct {
		FullName      string               `json:"fullName"`
		ShortName     string               `json:"shortName"`
		PasswordHash  []byte               `json:"passwordHash"`
		ProjectLimit  int                  `json:"projectLimit"`
		CreatedAt     time.Time            `json:"createdAt"`
		Memberships   []membershipSnapshot `json:"memberships"`
		Organizations []keptID             `json:"organizations"` // that were deleted with the user
		Freeze        *freezeSnapshot      `json:"freeze"`
	}
	membershipSnapshot struct {
		OrganizationID keptID `json:"organizationId"`
		memberSnapshot
	}
	memberSnapshot struct {
		UserID    keptID     `json:"userId"`
		Role      reeve.Role `json:"role"`
		Disabled  bool       `json:"disabled"`
		CreatedAt time.Time  `json:"createdAt"`
	}
	freezeSnapshot struct {
		Type  reeve.FreezeType `json:"type"`
		Since time.Time        `json:"since"`
		Until *time.Time       `json:"until"`
	}
	meterSnapshot struct {
		Period    int64 `json:"period"`
		Committed int64 `json:"committed"`
	}
	limitsSnapshot struct {
		Usage     limitSnapshot `json:"usage"`
		Bandwidth limitSnapshot `json:"bandwidth"`
		Rate      limitSnapshot `json:"rate"`
		Buckets   limitSnapshot `json:"buckets"`
	}
)

// keptID is an id as JSON.
type keptID struct{ reeve.ID }

// UnmarshalText reads the id.
func (k *keptID) UnmarshalText(text []byte) (err error) {
	k.ID, err = reeve.ParseID("", string(text))
	return err
}

// limitSnapshot is a limit as JSON: null if unset, -1 if unlimited.
type limitSnapshot struct{ reeve.Limit }

// MarshalJSON writes the limit.
func (l limitSnapshot) MarshalJSON() ([]byte, error) {
	n, ok := l.Number()
	switch {
	case l.IsUnlimited():
		n = -1
	case !ok:
		return []byte("null"), nil
	}
	return json.Marshal(n)
}

// UnmarshalJSON reads the limit.
func (l *limitSnapshot) UnmarshalJSON(text []byte) error {
	var n *int64
	if err := json.Unmarshal(text, &n); err != nil {
		return err
	}
	switch {
	case n == nil:
		l.Limit = reeve.Limit{}
	case *n < 0:
		l.Limit = reeve.Unlimited
	default:
		l.Limit = reeve.LimitOf(*n)
	}
	return nil
}

func newMemberSnapshots(members []reeve.Member) []memberSnapshot {
	out := make([]memberSnapshot, len(members))
	for i, m := range members {
		out[i] = newMemberSnapshot(m)
	}
	return out
}

func newMemberSnapshot(m reeve.Member) memberSnapshot {
	return memberSnapshot{keptID{m.UserID}, m.Role, m.Disabled, m.CreatedAt}
}

func (m memberSnapshot) member() reeve.Member {
	return reeve.Member{UserID: m.UserID.ID, Role: m.Role, Disabled: m.Disabled, CreatedAt: m.CreatedAt}
}

func memberIDs(members []memberSnapshot) []reeve.ID {
	out := make([]reeve.ID, len(members))
	for i, m := range members {
		out[i] = m.UserID.ID
	}
	return out
}

// project makes the project of a snapshot.
func (s projectSnapshot) project(id reeve.ID, name string) reeve.Project {
	return reeve.Project{
		ID: id, OrganizationID: s.OrganizationID.ID, OwnerID: s.OwnerID.ID, ServiceAccountID: s.ServiceAccountID.ID,
		Name: name, Description: s.Description, CreatedAt: s.CreatedAt,
		Limits: reeve.Limits{
			Usage: s.Limits.Usage.Limit, Bandwidth: s.Limits.Bandwidth.Limit,
			Rate: s.Limits.Rate.Limit, Buckets: s.Limits.Buckets.Limit,
		},
		RevokedBefore: s.RevokedBefore, Frozen: s.Frozen,
	}
}

// snapshotProject reads what restoring a locked project needs. What leases hold
// of its bandwidth counts as used: nobody settles them any more.
func snapshotProject(ctx context.Context, tx *store.Tx, p reeve.Project) (out projectSnapshot, err error) {
	members, err := tx.Members(ctx, store.InProject(p.ID))
	if err != nil {
		return out, err
	}
	freeze, err := snapshotFreeze(ctx, tx, p.ID)
	if err != nil {
		return out, err
	}
	meters, err := tx.Meters(ctx, p.ID)
	bandwidth := meters[reeve.MeterBandwidth]
	return projectSnapshot{
		OrganizationID: keptID{p.OrganizationID}, OwnerID: keptID{p.OwnerID}, ServiceAccountID: keptID{p.ServiceAccountID},
		Description: p.Description, CreatedAt: p.CreatedAt,
		Limits: limitsSnapshot{
			limitSnapshot{p.Limits.Usage},
			limitSnapshot{p.Limits.Bandwidth},
			limitSnapshot{p.Limits.Rate},
			limitSnapshot{p.Limits.Buckets},
		},
		RevokedBefore: p.RevokedBefore, Frozen: p.Frozen,
		Bandwidth: meterSnapshot{
			Period:    bandwidth.Period,
			Committed: bandwidth.Committed + min(bandwidth.Leased, math.MaxInt64-bandwidth.Committed),
		},
		Members: newMemberSnapshots(members), Freeze: freeze,
	}, err
}

// snapshotFreeze reads a thing's own freeze, nil if there is none.
func snapshotFreeze(ctx context.Context, tx *store.Tx, id reeve.ID) (*freezeSnapshot, error) {
	f, err := tx.Frozen(ctx, id)
	return (*freezeSnapshot)(f), err
}

// snapshotOrganization reads what restoring a locked organisation needs.
func snapshotOrganization(ctx context.Context, tx *store.Tx, o reeve.Organization) (out organizationSnapshot, err error) {
	members, err := tx.Members(ctx, store.InOrganization(o.ID))
	if err != nil {
		return out, err
	}
	out = organizationSnapshot{OwnerID: keptID{o.OwnerID}, CreatedAt: o.CreatedAt, Members: newMemberSnapshots(members)}
	if out.Freeze, err = snapshotFreeze(ctx, tx, o.ID); err != nil {
		return out, err
	}
	budget, err := tx.Budget(ctx, o.ID)
	switch {
	case err == nil:
		out.Budget = &budget
	case reeve.IsKind(err, reeve.NotFound):
		err = nil
	}
	return out, err
}

// keepDeletion keeps a snapshot for as long as things can be restored.
func (c *Control) keepDeletion(tx *store.Tx, d reeve.Deletion, snapshot any) error {
	text, err := json.Marshal(snapshot)
	if err != nil {
		return fmt.Errorf("keep what is deleted: %w", err)
	}
	d.Snapshot, d.DeletedAt, d.EraseAt = string(text), tx.Now(), tx.Now().Add(c.settings.RestoreWindow)
	tx.KeepDeletion(d)
	return nil
}

// readSnapshot reads what keepDeletion kept.
func readSnapshot(d reeve.Deletion, to any) error {
	if err := json.Unmarshal([]byte(d.Snapshot), to); err != nil {
		return fmt.Errorf("read the snapshot of %s %s: %w", d.Kind, d.ID, err)
	}
	return nil
}
