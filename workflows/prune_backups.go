package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/backups"
	"mycloudmanager/activities/filebackup"
	"mycloudmanager/activities/glance"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// PruneBackupsInput selects backups to delete: those that the plan no longer keeps, or those in Backups.
type PruneBackupsInput struct {
	Plan    backup.Plan `json:"plan"`
	Backups []string    `json:"backups,omitempty"`
}

// PruneBackups deletes the backups that a plan no longer keeps, or the given ones. It keeps held backups and, for each
// instance, the last good backup of the plan. Deletions are not undone after a cancel.
func PruneBackups(ctx workflow.Context, in PruneBackupsInput) (err error) {
	var (
		store    *backups.Activities
		image    *glance.Activities
		host     *filebackup.Activities
		selected backups.PruneSelection
	)
	run, err := operation.Begin(ctx, store.SelectBackupsToPrune, image.DeleteImages, host.ForgetSnapshots)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	if err := run.Call(ctx, store.SelectBackupsToPrune, backups.SelectBackupsToPruneInput{Plan: in.Plan, Backups: in.Backups}, &selected); err != nil {
		return err
	}
	run.Result("deleted", selected.Names)
	run.SetMessage("%d backups are deleted, %d are kept", len(selected.Names), selected.Kept)
	if len(selected.Images) == 0 {
		run.Skip(image.DeleteImages)
	} else if err := run.Wait(ctx, imageTimeout, image.DeleteImages, selected.Images, nil); err != nil {
		return err
	}
	if len(selected.Soft) == 0 {
		run.Skip(host.ForgetSnapshots)
		return nil
	}
	return forgetSnapshots(ctx, run, selected.Soft)
}

// forgetSnapshots deletes snapshots with the engine on each instance. The stored data of a deleted instance is removed
// with the last of its backups.
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
	fail := func(id string, err error) {
		failed++
		setOutcome(run, id, backupColumn, failedOutcome(reasonOf(err)))
	}
	for _, s := range soft {
		at, ok := known[s.Instance]
		if !ok {
			if err := deleteOrphaned(ctx, run, s); temporal.IsCanceledError(err) {
				return err
			} else if err != nil {
				fail(s.Instance, err)
			}
			continue
		}
		of = append(of, s.Instance)
		inputs = append(inputs, filebackup.ForgetSnapshotsInput{Instance: s.Instance, Address: at.Enrollment.Address, HostKey: at.Enrollment.HostKey, Engine: s.Engine, Snapshots: s.IDs})
	}
	results, err := operation.FanOut[struct{}](ctx, run, filesTimeout, host.ForgetSnapshots, inputs)
	for i, s := range results {
		if s.Err != nil {
			fail(of[i], s.Err)
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

// deleteOrphaned deletes backups of an instance on which no engine can run. The instance must be deleted: one that is
// merely not enrolled can be enrolled again.
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
		return fault.Final(fault.New(fault.Invalid, nil, "the instance is not enrolled"))
	}
	if err := runActivity(ctx, filesTimeout, host.DeleteOrphanedBackups, filebackup.DeleteOrphanedBackupsInput{Instance: s.Instance, Snapshots: s.IDs}, &out); err != nil {
		return err
	}
	setOutcome(run, s.Instance, backupColumn, succeededOutcome(i18n.Messagef("%d deleted", len(s.IDs))))
	if out.Remaining > 0 {
		run.SetMessage("an instance no longer exists: the data of its %d deleted backups is removed with the last of its %d remaining backups",
			len(s.IDs), out.Remaining)
	}
	return nil
}
