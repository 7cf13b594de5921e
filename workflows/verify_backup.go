package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/backups"
	"mycloudmanager/activities/filebackup"
	"mycloudmanager/activities/glance"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// VerifyInput is a backup to be looked at.
type VerifyInput struct {
	Backup backup.Backup `json:"backup"`
	Drill  bool          `json:"drill,omitempty"` // restore it for a trial and compare; of soft backups
}

// VerifyBackup reads a backup and compares it with what was stored; a drill restores it to a scratch
// directory of its instance and compares that. One that is not whole fails the task, and is marked so that
// nobody relies on it.
func VerifyBackup(ctx workflow.Context, in VerifyInput) (err error) {
	var (
		image *glance.Activities
		store *backups.Activities
		host  *filebackup.Activities
		look  backup.Look
	)
	steps := []any{image.VerifyImage, store.KeepVerdict}
	if in.Backup.Method == backup.Soft {
		steps[0] = host.VerifyFiles
	}
	run, err := operation.Begin(ctx, steps...)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	if in.Backup.Method == backup.Soft {
		look, err = verifyFiles(ctx, run, in)
	} else {
		err = run.Wait(ctx, imagePatience, image.VerifyImage, glance.VerifyImageInput{Image: in.Backup.Image}, &look)
	}
	if err != nil {
		return err
	}
	if err := run.Call(ctx, store.KeepVerdict, backups.LookedInput{Backup: in.Backup.ID, Look: look}, nil); err != nil {
		return err
	}
	if !look.OK {
		tellOfDamage(ctx, in.Backup, look.Detail)
		return fault.Final(fault.New(fault.Invalid, nil, "the backup cannot be relied on: %s", look.Detail))
	}
	return nil
}

func verifyFiles(ctx workflow.Context, run *operation.Run, in VerifyInput) (backup.Look, error) {
	var (
		host *filebackup.Activities
		out  filebackup.VerifyFilesOutcome
	)
	at, err := signInOf(ctx, run, in.Backup.Instance)
	if err != nil {
		return backup.Look{}, err
	}
	err = run.Wait(ctx, filesPatience, host.VerifyFiles, filebackup.VerifyFilesInput{Backup: in.Backup, Address: at.Enrollment.Address,
		HostKey: at.Enrollment.HostKey, Drill: in.Drill}, &out)
	return backup.Look{OK: out.OK, Detail: out.Detail, Proven: in.Drill && out.OK}, err
}

// signInOf is where the manager signs in on an instance, which must be enrolled.
func signInOf(ctx workflow.Context, run *operation.Run, id string) (at nova.Enrolled, err error) {
	var compute *nova.Activities
	if err := run.Call(ctx, compute.ReadInstance, nova.InstanceRef{ID: id}, &at); err != nil {
		return at, err
	}
	if at.Gone {
		return at, fault.Final(fault.New(fault.Invalid, nil, "the instance does not exist any more"))
	}
	if !at.Enrolled {
		return at, fault.Final(fault.New(fault.Invalid, nil, "it is not enrolled"))
	}
	return at, nil
}
