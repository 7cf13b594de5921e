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

// VerifyBackupInput selects the backup to verify.
type VerifyBackupInput struct {
	Backup      backup.Backup `json:"backup"`
	RestoreTest bool          `json:"restore_test,omitempty"` // file backups only: test restore
}

// VerifyBackup reads a backup and compares it with its checksums. A test restore restores it to a scratch directory of
// its instance and compares the files. A damaged backup fails the task and is marked as damaged.
func VerifyBackup(ctx workflow.Context, in VerifyBackupInput) (err error) {
	var (
		image  *glance.Activities
		store  *backups.Activities
		host   *filebackup.Activities
		result backup.VerificationResult
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
		result, err = verifyFiles(ctx, run, in)
	} else {
		err = run.Wait(ctx, imageTimeout, image.VerifyImage, glance.VerifyImageInput{Image: in.Backup.Image}, &result)
	}
	if err != nil {
		return err
	}
	if err := run.Call(ctx, store.RecordVerification, backups.RecordVerificationInput{Backup: in.Backup.ID, Result: result}, nil); err != nil {
		return err
	}
	if !result.OK {
		notifyDamaged(ctx, in.Backup, result.Detail)
		return fault.Final(fault.New(fault.Invalid, nil, "the backup cannot be relied on: %s", result.Detail))
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

// sshTarget returns the address and host key of an enrolled instance.
func sshTarget(ctx workflow.Context, run *operation.Run, id string) (at nova.EnrolledInstance, err error) {
	var compute *nova.Activities
	if err := run.Call(ctx, compute.GetEnrollment, nova.InstanceRef{ID: id}, &at); err != nil {
		return at, err
	}
	if at.Deleted {
		return at, fault.Final(fault.New(fault.Invalid, nil, "the instance no longer exists"))
	}
	if !at.Enrolled {
		return at, fault.Final(fault.New(fault.Invalid, nil, "the instance is not enrolled"))
	}
	return at, nil
}
