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

// VerifyBackupInput is a backup to be looked at.
type VerifyBackupInput struct {
	Backup      backup.Backup `json:"backup"`
	RestoreTest bool          `json:"restore_test,omitempty"` // restore it for a trial and compare; of soft backups
}

// VerifyBackup reads a backup and compares it with what was stored; a drill restores it to a scratch
// directory of its instance and compares that. One that is not whole fails the task, and is marked so that
// nobody relies on it.
func VerifyBackup(ctx workflow.Context, in VerifyBackupInput) (err error) {
	var (
		image *glance.Activities
		store *backups.Activities
		host  *filebackup.Activities
		look  backup.VerificationResult
	)
	steps := []any{image.VerifyImage, store.RecordVerification}
	if in.Backup.Method == backup.FileLevel {
		steps[0] = host.VerifyFiles
	}
	run, err := operation.Begin(ctx, steps...)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	if in.Backup.Method == backup.FileLevel {
		look, err = verifyFiles(ctx, run, in)
	} else {
		err = run.Wait(ctx, imageTimeout, image.VerifyImage, glance.VerifyImageInput{Image: in.Backup.Image}, &look)
	}
	if err != nil {
		return err
	}
	if err := run.Call(ctx, store.RecordVerification, backups.RecordVerificationInput{Backup: in.Backup.ID, Look: look}, nil); err != nil {
		return err
	}
	if !look.OK {
		notifyDamaged(ctx, in.Backup, look.Detail)
		return fault.Final(fault.New(fault.Invalid, nil, "the backup cannot be relied on: %s", look.Detail))
	}
	return nil
}

func verifyFiles(ctx workflow.Context, run *operation.Run, in VerifyBackupInput) (backup.VerificationResult, error) {
	var (
		host *filebackup.Activities
		out  filebackup.VerifyFilesResult
	)
	at, err := sshTarget(ctx, run, in.Backup.Instance)
	if err != nil {
		return backup.VerificationResult{}, err
	}
	err = run.Wait(ctx, filesTimeout, host.VerifyFiles, filebackup.VerifyFilesInput{Backup: in.Backup, Address: at.Enrollment.Address,
		HostKey: at.Enrollment.HostKey, RestoreTest: in.RestoreTest}, &out)
	return backup.VerificationResult{OK: out.OK, Detail: out.Detail, RestoreTested: in.RestoreTest && out.OK}, err
}

// sshTarget is where the manager signs in on an instance, which must be enrolled.
func sshTarget(ctx workflow.Context, run *operation.Run, id string) (at nova.EnrolledInstance, err error) {
	var compute *nova.Activities
	if err := run.Call(ctx, compute.GetEnrollment, nova.InstanceRef{ID: id}, &at); err != nil {
		return at, err
	}
	if at.Deleted {
		return at, fault.Final(fault.New(fault.Invalid, nil, "the instance does not exist any more"))
	}
	if !at.Enrolled {
		return at, fault.Final(fault.New(fault.Invalid, nil, "it is not enrolled"))
	}
	return at, nil
}
