package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reeve-cloud/reeve/client"
)

// API makes the command that calls any operation by its id.
func API(version string) *cobra.Command {
	o := &options{version: version}
	run := &runner{options: o}
	var params []string
	cmd := &cobra.Command{
		Use: "api [OPERATION]", GroupID: GroupAccess, Args: cobra.MaximumNArgs(1),
		Short: "Call an operation by its id, or list all of them",
		Long: `Call an operation by the id that it has in the OpenAPI document of the
profile's API, or list all of them.`,
		Example: `  reeve api
  reeve api getUser --param email=ada@example.com
  reeve api createCoupon --data @coupon.json`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var out []string
			for _, op := range client.Operations {
				out = append(out, op.ID+"\t"+op.Summary)
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if len(args) == 0 {
				return failed(o.printer(cmd, nil).print(operations(o.face), ""))
			}
			profile, err := o.find()
			if err != nil {
				return err
			}
			op := client.FindOperation(profile.Face, args[0])
			if op == nil {
				return fmt.Errorf("the %s API has no operation %q; reeve api lists them", profile.Face, args[0])
			}
			asked, err := named(cmd, op, params, run.data, o)
			if err != nil {
				return err
			}
			if (run.all || run.limit != 0) && !listed(op) || run.limit < 0 {
				return errors.New("--all and --limit are for lists with pages")
			}
			return run.call(cmd, profile, op, asked, place(op).verb)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&params, "param", nil, "NAME=VALUE: a parameter of path, query or header; may be repeated")
	flags.StringVar(&run.data, "data", "", "the body: JSON, @FILE, or - for standard input")
	flags.BoolVar(&run.all, "all", false, "every page of a list, not only the first")
	flags.IntVar(&run.limit, "limit", 0, "so many rows of a list")
	o.add(flags, true)
	complete(cmd)
	flags.SortFlags = false
	return cmd
}

// named reads parameters that are given by name.
func named(cmd *cobra.Command, op *client.Operation, params []string, data string, o *options) (request, error) {
	out := request{params: map[string]string{}}
	for _, param := range params {
		key, text, ok := strings.Cut(param, "=")
		if !ok || op.Param(key) == nil {
			return out, fmt.Errorf("--param must be NAME=VALUE with one of %s", strings.Join(paramNames(op), ", "))
		}
		out.params[key] = text
	}
	if err := out.data(cmd, op, data); err != nil {
		return out, err
	}
	for _, p := range op.Params {
		if p.In == "path" && out.params[p.Name] == "" {
			return out, fmt.Errorf("give --param %s=…", p.Name)
		}
	}
	if err := out.common(cmd, op, o); err != nil {
		return out, err
	}
	return out, out.complete(op)
}

func paramNames(op *client.Operation) []string {
	var out []string
	for _, p := range op.Params {
		out = append(out, p.Name)
	}
	if out == nil {
		out = []string{"none"}
	}
	return out
}

// operations lists what can be called, of one face or of all.
func operations(face string) []any {
	var out []any
	where := map[*client.Operation]string{}
	for noun, of := range verbs() {
		for verb, ops := range of {
			for _, op := range ops {
				where[op] = entry{noun: noun, verb: verb}.words()
			}
		}
	}
	for _, op := range client.Operations {
		if face != "" && op.Face != face {
			continue
		}
		out = append(out, object{
			{"face", op.Face}, {"operation", op.ID}, {"command", where[op]}, {"method", op.Method}, {"path", op.Path}, {"summary", op.Summary},
		})
	}
	slices.SortStableFunc(out, func(a, b any) int {
		return strings.Compare(fmt.Sprint(a.(object).get("face")), fmt.Sprint(b.(object).get("face")))
	})
	return out
}
