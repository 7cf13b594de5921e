package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/backups"
	"mycloudmanager/activities/glance"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/flow"
)

// PruneInput says which backups are to go: those that a plan does not keep, or those that are named.
type PruneInput struct {
	Plan    backup.Plan `json:"plan"`
	Backups []string    `json:"backups,omitempty"`
}

// PruneBackups deletes the backups that a plan does not keep any more, or that are named. What is held
// stays, and of each instance the last good one of the plan. What is deleted stays deleted after a cancel.
func PruneBackups(ctx workflow.Context, in PruneInput) (err error) {
	var (
		store  *backups.Activities
		image  *glance.Activities
		doomed backups.Doomed
	)
	run, err := flow.Begin(ctx, store.ChooseBackups, image.DeleteImages)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	if err := run.Call(ctx, store.ChooseBackups, backups.ChooseInput{Plan: in.Plan, Backups: in.Backups}, &doomed); err != nil {
		return err
	}
	run.Result("deleted", doomed.Names)
	run.Say("%d backups are deleted, %d are kept", len(doomed.Names), doomed.Kept)
	if len(doomed.Images) == 0 {
		run.Skip(image.DeleteImages)
	} else if err := run.Wait(ctx, imagePatience, image.DeleteImages, doomed.Images, nil); err != nil {
		return err
	}
	return nil
}
