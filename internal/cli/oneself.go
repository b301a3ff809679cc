package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/reeve-cloud/reeve/client"
)

// implied names the argument that a tenant may leave out: USER is oneself, and
// ORGANIZATION the only one there is; "" if there is none.
func implied(op *client.Operation) string {
	if op.Face != client.FaceTenant {
		return ""
	}
	for _, name := range []string{"user", "organization"} {
		if strings.HasPrefix(op.Path, "/"+name+"/{"+name+"}") {
			return name
		}
	}
	return ""
}

// imply adds the argument that was left out.
func (o *options) imply(ctx context.Context, p Profile, op *client.Operation, args []string) ([]string, error) {
	name := implied(op)
	if name == "" || len(args) != len(pathNames(op))-1 {
		return args, nil
	}
	said := arguments(op)
	switch {
	case p.UserID == "" && name == "user":
		return nil, fmt.Errorf("give %s: an organisation's key is no user's", said)
	case p.UserID == "":
		return nil, fmt.Errorf("give %s: an organisation's key does not tell which it is of", said)
	case name == "user":
		return append([]string{p.UserID}, args...), nil
	}
	ids, called, err := o.organizations(ctx, p)
	switch {
	case err != nil:
		return nil, err
	case len(ids) == 0:
		return nil, fmt.Errorf("give %s: %s is in no organisation", said, p.holder())
	case len(ids) > 1:
		return nil, fmt.Errorf("give %s: %s is in %s", said, p.holder(), strings.Join(called, ", "))
	}
	return append(ids, args...), nil
}

// organizations asks which a user is in: their ids, and those with the names.
func (o *options) organizations(ctx context.Context, p Profile) (ids, called []string, err error) {
	c, err := o.client(p)
	if err != nil {
		return nil, nil, err
	}
	ctx, stop := context.WithTimeout(ctx, o.timeout)
	defer stop()
	const id = "listUserOrganizations"
	reply, err := c.Do(ctx, id, map[string]string{"user": p.UserID}, nil)
	if err != nil {
		return nil, nil, elsewhere(err, p)
	}
	value, err := readReply(reply)
	if err != nil {
		return nil, nil, failed(err)
	}
	for _, row := range itemsOf(value, client.FindOperation(p.Face, id).Items) {
		if o, ok := row.(object); ok {
			ids = append(ids, fmt.Sprint(o.get("id")))
			called = append(called, fmt.Sprintf("%v (%v)", o.get("id"), o.get("name")))
		}
	}
	return ids, called, nil
}
