package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/backups"
	"mycloudmanager/activities/filebackup"
	"mycloudmanager/activities/glance"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
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
		host   *filebackup.Activities
		doomed backups.Doomed
	)
	run, err := operation.Begin(ctx, store.ChooseBackups, image.DeleteImages, host.ForgetFiles)
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
	if len(doomed.Soft) == 0 {
		run.Skip(host.ForgetFiles)
		return nil
	}
	return forgetFiles(ctx, run, doomed.Soft)
}

// forgetFiles has each instance's engine delete what is to go. Where the instance is gone, what it has
// stored goes with the last of its backups.
func forgetFiles(ctx workflow.Context, run *operation.Run, soft []backups.Snapshots) error {
	var (
		compute *nova.Activities
		host    *filebackup.Activities
		ids     []string
		inputs  []any
		of      []string
		known   = map[string]nova.Enrolled{}
	)
	for _, s := range soft {
		ids = append(ids, s.Instance)
	}
	if err := run.Call(ctx, compute.EnrolledHosts, ids, &known); err != nil {
		return err
	}
	failed := 0
	miss := func(id string, err error) {
		failed++
		score(run, id, backupLine, string(operation.Failed)+": "+reasonOf(err))
	}
	for _, s := range soft {
		at, ok := known[s.Instance]
		if !ok {
			if err := forgetGone(ctx, run, s); temporal.IsCanceledError(err) {
				return err
			} else if err != nil {
				miss(s.Instance, err)
			}
			continue
		}
		of = append(of, s.Instance)
		inputs = append(inputs, filebackup.ForgetFilesInput{Instance: s.Instance, Address: at.Enrollment.Address, HostKey: at.Enrollment.HostKey, Engine: s.Engine, Snapshots: s.IDs})
	}
	shares, err := operation.Each[struct{}](ctx, run, filesPatience, host.ForgetFiles, inputs)
	for i, s := range shares {
		if s.Err != nil {
			miss(of[i], s.Err)
		}
	}
	switch {
	case err != nil:
		return err
	case failed == len(soft):
		return fault.Final(fault.New(fault.Invalid, nil, "it failed on all instances: %s", firstFailure(run)))
	case failed > 0:
		run.Partly("%d of %d failed: %s", failed, len(soft), firstFailure(run))
	}
	return nil
}

// forgetGone deletes backups of an instance on which no engine can work: it must be gone, for one that only
// is not enrolled can be enrolled again.
func forgetGone(ctx workflow.Context, run *operation.Run, s backups.Snapshots) error {
	var (
		compute *nova.Activities
		host    *filebackup.Activities
		at      nova.Enrolled
		out     filebackup.ForgetGoneOutcome
	)
	if err := step(ctx, backupCall, compute.ReadInstance, nova.InstanceRef{ID: s.Instance}, &at); err != nil {
		return err
	}
	if !at.Gone {
		return fault.Final(fault.New(fault.Invalid, nil, "it is not enrolled"))
	}
	if err := step(ctx, filesPatience, host.ForgetGone, filebackup.ForgetGoneInput{Instance: s.Instance, Snapshots: s.IDs}, &out); err != nil {
		return err
	}
	score(run, s.Instance, backupLine, fmt.Sprintf("%d deleted", len(s.IDs)))
	if out.Left > 0 {
		run.Say("an instance is gone: what its %d deleted backups have stored goes with the last of the %d that are left", len(s.IDs), out.Left)
	}
	return nil
}
