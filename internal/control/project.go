package control

import (
	"context"

	"github.com/reeve-cloud/reeve"
	"github.com/reeve-cloud/reeve/internal/store"
)

// NewProject is what a project is created from.
type NewProject struct {
	OwnerID        reeve.ID
	OrganizationID reeve.ID // zero: the owner's own, made on first use
	Name           string
	Description    string
}

// CreateProject creates a project with its service account; the owner becomes
// its first member, an admin. The owner's project limit counts all projects
// that the owner owns.
func (c *Control) CreateProject(ctx context.Context, in NewProject) (reeve.Project, error) {
	by, err := operator(ctx, reeve.ManageTenants)
	if err != nil {
		return reeve.Project{}, err
	}
	if in.OwnerID == reeve.Zero {
		return reeve.Project{}, reeve.Errorf(reeve.Invalid, "OwnerID is not set")
	}
	if in.Name, err = reeve.CleanName("ProjectName", in.Name); err != nil {
		return reeve.Project{}, err
	}
	return c.makeProject(ctx, in, func(*store.Tx) (Caller, error) { return by, nil })
}

// CreateOwnProject creates a project in an organisation for who may do so there.
// The user who asks owns it; that of a key belongs to the organisation's owner.
func (c *Control) CreateOwnProject(ctx context.Context, in NewProject) (reeve.Project, error) {
	by, organization, err := c.authorizeOrganization(ctx, c.store.Reader, in.OrganizationID, reeve.CreateProject)
	if err != nil {
		return reeve.Project{}, err
	}
	if in.OwnerID = organization.OwnerID; by.Actor.Kind == reeve.Person {
		in.OwnerID = by.Actor.ID
	}
	if in.Name, err = reeve.CleanName("name", in.Name); err != nil {
		return reeve.Project{}, err
	}
	return c.makeProject(ctx, in, func(tx *store.Tx) (Caller, error) {
		by, _, err := c.guardOrganization(ctx, tx, in.OrganizationID, reeve.CreateProject, store.HoldStill)
		return by, err
	})
}

// makeProject creates a project whose name is checked, for who may.
func (c *Control) makeProject(ctx context.Context, in NewProject, may func(*store.Tx) (Caller, error)) (reeve.Project, error) {
	if err := reeve.CheckDescription(in.Description); err != nil {
		return reeve.Project{}, err
	}
	var out reeve.Project
	err := c.store.Write(ctx, func(tx *store.Tx) error {
		by, err := may(tx)
		if err == nil {
			out, err = createProject(ctx, tx, by, in)
		}
		return err
	})
	if err == nil {
		c.store.AfterCommit(ctx, func() { c.refreshed(ctx, out.ID) })
	}
	return out, err
}

func createProject(ctx context.Context, tx *store.Tx, by Caller, in NewProject) (out reeve.Project, err error) {
	// The owner's row guards the count of projects and the one organisation.
	owner, err := tx.LockUser(ctx, in.OwnerID)
	if err != nil {
		return out, err
	}
	organization, err := organizationFor(ctx, tx, by, in)
	if err != nil {
		return out, err
	}
	owned, err := tx.CountProjectsOwnedBy(ctx, owner.ID)
	if err != nil {
		return out, err
	}
	if owned >= owner.ProjectLimit {
		return out, reeve.Errorf(reeve.Conflict, "project limit reached").WithDetail("limit %d", owner.ProjectLimit)
	}
	out = reeve.Project{
		ID: newID(), OrganizationID: organization, OwnerID: owner.ID, ServiceAccountID: newID(),
		Name: in.Name, Description: in.Description, MemberCount: 1, CreatedAt: tx.Now(),
	}
	tx.CreateProject(out)
	tx.CreateMember(store.InProject(out.ID), reeve.Member{
		UserID: owner.ID, Role: reeve.RoleAdmin, CreatedAt: tx.Now(),
	})
	record(tx, by, change{action: "project.create", target: out.ID, organization: organization, after: projectFields(out)})
	return out, nil
}

// organizationFor finds the organisation of a new project, in which the owner
// must be an enabled member.
func organizationFor(ctx context.Context, tx *store.Tx, by Caller, in NewProject) (reeve.ID, error) {
	if in.OrganizationID == reeve.Zero {
		own, err := tx.KeepOldestOrganizationOwnedBy(ctx, in.OwnerID)
		if reeve.IsKind(err, reeve.NotFound) {
			return createOrganization(tx, by, reeve.PersonalOrganization, in.OwnerID).ID, nil
		}
		return own.ID, err
	}
	if _, err := tx.Organization(ctx, in.OrganizationID); err != nil {
		return reeve.Zero, err
	}
	member, err := tx.KeepMember(ctx, store.InOrganization(in.OrganizationID), in.OwnerID)
	if reeve.IsKind(err, reeve.NotFound) || err == nil && member.Disabled {
		return reeve.Zero, reeve.Errorf(reeve.Conflict, "owner is not a member of the organization")
	}
	return in.OrganizationID, err
}

func projectFields(p reeve.Project) fields {
	return fields{
		"organizationId": p.OrganizationID, "ownerId": p.OwnerID,
		"name": p.Name, "description": p.Description,
	}
}

// GetProject finds a project. MemberCount is filled for operators.
func (c *Control) GetProject(ctx context.Context, id reeve.ID) (reeve.Project, error) {
	_, project, err := c.authorize(ctx, c.store.Reader, id, reeve.ReadProject)
	return project, err
}

// UpdateProject changes a project's name or description and gives the project
// as it is then.
func (c *Control) UpdateProject(ctx context.Context, id reeve.ID, patch reeve.ProjectPatch) (out reeve.Project, err error) {
	err = c.store.Write(ctx, func(tx *store.Tx) error {
		by, project, err := c.lockProject(ctx, tx, id, reeve.UpdateProject)
		if err != nil {
			return err
		}
		before, after, err := applyProjectPatch(&project, patch)
		out = project
		if err != nil || len(after) == 0 {
			return err
		}
		tx.UpdateProject(project)
		record(tx, by, change{action: "project.update", target: id, organization: project.OrganizationID, before: before, after: after})
		return nil
	})
	return out, err
}

func applyProjectPatch(p *reeve.Project, patch reeve.ProjectPatch) (before, after fields, err error) {
	before, after = fields{}, fields{}
	if patch.Name != nil {
		name, err := reeve.CleanName("name", *patch.Name)
		if err != nil {
			return nil, nil, err
		}
		if name != p.Name {
			before["name"], after["name"] = p.Name, name
			p.Name = name
		}
	}
	if patch.Description != nil && *patch.Description != p.Description {
		if err := reeve.CheckDescription(*patch.Description); err != nil {
			return nil, nil, err
		}
		before["description"], after["description"] = p.Description, *patch.Description
		p.Description = *patch.Description
	}
	return before, after, nil
}

// DeleteProject deletes a project that has no buckets, no keys and no usage
// that is yet to be billed. What it used of late is billed to its organisation
// when the month is closed. It can be restored for some time.
func (c *Control) DeleteProject(ctx context.Context, id reeve.ID) error {
	if err := c.Authorize(ctx, id, reeve.DeleteProject); err != nil {
		return err
	}
	return c.deleteProject(ctx, id, false)
}

// EraseProject is DeleteProject for good. One that is deleted already cannot be
// restored any more.
func (c *Control) EraseProject(ctx context.Context, id reeve.ID) error {
	if err := eraser(ctx, reeve.ManageTenants); err != nil {
		return err
	}
	return c.deleteProject(ctx, id, true)
}

func (c *Control) deleteProject(ctx context.Context, id reeve.ID, forGood bool) error {
	if err := c.drainUsage(ctx); err != nil {
		return err
	}
	return c.store.Write(ctx, func(tx *store.Tx) error {
		by, project, err := c.guardProject(ctx, tx, id, reeve.DeleteProject, guarded{project: store.HoldToDrop})
		if forGood && reeve.IsKind(err, reeve.NotFound) {
			return eraseKept(ctx, tx, by, reeve.Deletion{Kind: reeve.DeletedProject, ID: id}, err)
		}
		if err != nil {
			return err
		}
		if err := checkEmpty(ctx, tx, id); err != nil {
			return err
		}
		return c.dropProject(ctx, tx, c.deletingBy(by, forGood), project)
	})
}

// dropProject deletes a locked project that nothing speaks for.
func (c *Control) dropProject(ctx context.Context, tx *store.Tx, how deleting, p reeve.Project) error {
	if how.keep {
		snapshot, err := snapshotProject(ctx, tx, p)
		if err == nil {
			err = c.keepDeletion(tx, reeve.Deletion{ID: p.ID, Kind: reeve.DeletedProject, Name: p.Name}, snapshot)
		}
		if err != nil {
			return err
		}
	}
	tx.DepartProject(p)
	tx.DeleteProject(p.ID)
	record(tx, how.by, change{action: "project.delete", target: p.ID, organization: p.OrganizationID, before: projectFields(p)})
	return nil
}

func checkEmpty(ctx context.Context, tx *store.Tx, id reeve.ID) error {
	bucket, err := tx.FirstBucket(ctx, id)
	if err == nil {
		return reeve.Errorf(reeve.Conflict, "buckets still exist").WithDetail("[%s]", bucket)
	} else if !reeve.IsKind(err, reeve.NotFound) {
		return err
	}
	keys, err := tx.CountAPIKeys(ctx, id)
	if err != nil {
		return err
	}
	if keys > 0 {
		return reeve.Errorf(reeve.Conflict, "api-keys still exist").WithDetail("count %d", keys)
	}
	outstanding, err := tx.Outstanding(ctx, id, tx.Now())
	if err != nil {
		return err
	}
	return outstanding.Check()
}

// CheckUsage answers a Conflict while a project has usage that is not billed.
func (c *Control) CheckUsage(ctx context.Context, id reeve.ID) error {
	if _, err := operator(ctx, reeve.Look); err != nil {
		return err
	}
	if _, err := c.store.Project(ctx, id); err != nil {
		return err
	}
	if err := c.drainUsage(ctx); err != nil {
		return err
	}
	outstanding, err := c.store.Outstanding(ctx, id, c.store.Now())
	if err != nil {
		return err
	}
	return outstanding.Check()
}

// UpdateLimits changes the limits that the patch names, all or none.
func (c *Control) UpdateLimits(ctx context.Context, id reeve.ID, patch reeve.LimitsPatch) error {
	by, err := operator(ctx, reeve.ManageLimits)
	if err != nil {
		return err
	}
	if err := patch.Check(); err != nil {
		return err
	}
	err = c.store.Write(ctx, func(tx *store.Tx) error { return updateLimits(ctx, tx, by, id, patch) })
	if err == nil {
		c.limitsUpdated(ctx, id)
	}
	return err
}

// updateLimits changes a project's limits inside a transaction; limitsUpdated
// follows.
func updateLimits(ctx context.Context, tx *store.Tx, by Caller, id reeve.ID, patch reeve.LimitsPatch) error {
	project, err := tx.LockProject(ctx, id)
	if err != nil {
		return err
	}
	limits := project.Limits.Apply(patch)
	if limits == project.Limits {
		return nil
	}
	before, after := limitChanges(project.Limits, limits)
	project.Limits = limits
	tx.UpdateProject(project)
	record(tx, by, change{action: "limits.update", target: id, organization: project.OrganizationID, before: before, after: after})
	return nil
}

func (c *Control) limitsUpdated(ctx context.Context, ids ...reeve.ID) {
	c.store.AfterCommit(ctx, func() {
		_ = c.refreshProjects(ctx, ids...) // else the change log tells
		for _, id := range ids {
			c.alerts.touch(id)
		}
	})
}

func limitChanges(from, to reeve.Limits) (before, after fields) {
	before, after = fields{}, fields{}
	for name, pair := range map[string][2]reeve.Limit{
		"usage": {from.Usage, to.Usage}, "bandwidth": {from.Bandwidth, to.Bandwidth},
		"rate": {from.Rate, to.Rate}, "buckets": {from.Buckets, to.Buckets},
	} {
		if pair[0] != pair[1] {
			before[name], after[name] = pair[0].String(), pair[1].String()
		}
	}
	return before, after
}
