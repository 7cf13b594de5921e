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

// PruneBackupsInput says which backups are to go: those that a plan does not keep, or those that are named.
type PruneBackupsInput struct {
	Plan    backup.Plan `json:"plan"`
	Backups []string    `json:"backups,omitempty"`
}

// PruneBackups deletes the backups that a plan does not keep any more, or that are named. What is held
// stays, and of each instance the last good one of the plan. What is deleted stays deleted after a cancel.
func PruneBackups(ctx workflow.Context, in PruneBackupsInput) (err error) {
	var (
		store  *backups.Activities
		image  *glance.Activities
		host   *filebackup.Activities
		doomed backups.PruneSelection
	)
	run, err := operation.Begin(ctx, store.SelectBackupsToPrune, image.DeleteImages, host.ForgetSnapshots)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	if err := run.Call(ctx, store.SelectBackupsToPrune, backups.SelectBackupsToPruneInput{Plan: in.Plan, Backups: in.Backups}, &doomed); err != nil {
		return err
	}
	run.Result("deleted", doomed.Names)
	run.SetMessage("%d backups are deleted, %d are kept", len(doomed.Names), doomed.Kept)
	if len(doomed.Images) == 0 {
		run.Skip(image.DeleteImages)
	} else if err := run.Wait(ctx, imageTimeout, image.DeleteImages, doomed.Images, nil); err != nil {
		return err
	}
	if len(doomed.Soft) == 0 {
		run.Skip(host.ForgetSnapshots)
		return nil
	}
	return forgetSnapshots(ctx, run, doomed.Soft)
}

// forgetSnapshots has each instance's engine delete what is to go. Where the instance is gone, what it has
// stored goes with the last of its backups.
func forgetSnapshots(ctx workflow.Context, run *operation.Run, soft []backups.Snapshots) error {
	var (
		compute *nova.Activities
		host    *filebackup.Activities
		ids     []string
		inputs  []any
		of      []string
		known   = map[string]nova.EnrolledInstance{}
	)
	for _, s := range soft {
		ids = append(ids, s.Instance)
	}
	if err := run.Call(ctx, compute.ListEnrolledInstances, ids, &known); err != nil {
		return err
	}
	failed := 0
	miss := func(id string, err error) {
		failed++
		setOutcome(run, id, backupColumn, failedOutcome(reasonOf(err)))
	}
	for _, s := range soft {
		at, ok := known[s.Instance]
		if !ok {
			if err := deleteOrphaned(ctx, run, s); temporal.IsCanceledError(err) {
				return err
			} else if err != nil {
				miss(s.Instance, err)
			}
			continue
		}
		of = append(of, s.Instance)
		inputs = append(inputs, filebackup.ForgetSnapshotsInput{Instance: s.Instance, Address: at.Enrollment.Address, HostKey: at.Enrollment.HostKey, Engine: s.Engine, Snapshots: s.IDs})
	}
	shares, err := operation.FanOut[struct{}](ctx, run, filesTimeout, host.ForgetSnapshots, inputs)
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
		run.PartiallyFailed("%d of %d failed: %s", failed, len(soft), firstFailure(run))
	}
	return nil
}

// deleteOrphaned deletes backups of an instance on which no engine can work: it must be gone, for one that only
// is not enrolled can be enrolled again.
func deleteOrphaned(ctx workflow.Context, run *operation.Run, s backups.Snapshots) error {
	var (
		compute *nova.Activities
		host    *filebackup.Activities
		at      nova.EnrolledInstance
		out     filebackup.DeleteOrphanedBackupsResult
	)
	if err := runActivity(ctx, backupCall, compute.GetEnrollment, nova.InstanceRef{ID: s.Instance}, &at); err != nil {
		return err
	}
	if !at.Deleted {
		return fault.Final(fault.New(fault.Invalid, nil, "it is not enrolled"))
	}
	if err := runActivity(ctx, filesTimeout, host.DeleteOrphanedBackups, filebackup.DeleteOrphanedBackupsInput{Instance: s.Instance, Snapshots: s.IDs}, &out); err != nil {
		return err
	}
	setOutcome(run, s.Instance, backupColumn, succeededOutcome(fmt.Sprintf("%d deleted", len(s.IDs))))
	if out.Remaining > 0 {
		run.SetMessage("an instance is gone: what its %d deleted backups have stored goes with the last of the %d that are left", len(s.IDs), out.Remaining)
	}
	return nil
}
