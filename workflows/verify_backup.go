package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/glance"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/flow"
)

// VerifyInput is a backup to be looked at.
type VerifyInput struct {
	Backup backup.Backup `json:"backup"`
}

// VerifyBackup reads a backup and compares it with what was stored. One that is not whole fails the task,
// and is marked so that nobody relies on it.
func VerifyBackup(ctx workflow.Context, in VerifyInput) (err error) {
	var image *glance.Activities
	run, err := flow.Begin(ctx, image.VerifyImage)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	var v glance.Verdict
	if err := run.Wait(ctx, imagePatience, image.VerifyImage, glance.VerifyImageInput{Image: in.Backup.Image}, &v); err != nil {
		return err
	}
	if !v.OK {
		return fault.Final(fault.New(fault.Invalid, nil, "the backup cannot be relied on: %s", v.Detail))
	}
	return nil
}
