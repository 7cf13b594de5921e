package cli

import (
	"context"
	"fmt"
	"strings"

	"mycloudmanager/sdk"
)

// pick returns the object with the ID text or, when exactly one has it, the name text. identify returns an object's ID and
// name.
func pick[T any](kind string, all []T, text string, identify func(T) (id, name string)) (T, error) {
	var none T
	var named []T
	var ids []string
	for _, object := range all {
		id, name := identify(object)
		switch text {
		case id:
			return object, nil
		case name:
			named, ids = append(named, object), append(ids, id)
		}
	}
	switch len(named) {
	case 0:
		return none, fmt.Errorf("%s %q not found", kind, text)
	case 1:
		return named[0], nil
	}
	return none, fmt.Errorf("%d %ss are named %q: use an ID: %s", len(named), kind, text, strings.Join(ids, ", "))
}

// findInstance returns the instance with this ID or name.
func findInstance(ctx context.Context, c *sdk.Client, name string) (sdk.Instance, error) {
	all, err := c.AllInstances(ctx, sdk.ListInstancesParams{})
	if err != nil {
		return sdk.Instance{}, err
	}
	return pick("instance", all, name, identifyInstance)
}

func identifyInstance(i sdk.Instance) (id, name string) { return i.ID, i.Name }

// findPlan returns the backup plan with this ID or name.
func findPlan(ctx context.Context, c *sdk.Client, name string) (sdk.BackupPlan, error) {
	all, err := c.AllBackupPlans(ctx)
	if err != nil {
		return sdk.BackupPlan{}, err
	}
	return pick("backup plan", all, name, identifyPlan)
}

func identifyPlan(p sdk.BackupPlan) (id, name string) { return value(p.ID), p.Name }
