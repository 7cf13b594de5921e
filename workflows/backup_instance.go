package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/filebackup"
	"mycloudmanager/activities/glance"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

const (
	// backupCall bounds a request while an instance is down for its backup, to keep the downtime short.
	backupCall     = 5 * time.Minute
	stopTimeout    = 15 * time.Minute
	imageTimeout   = 12 * time.Hour // an image of a large disk
	filesTimeout   = 24 * time.Hour
	restartTimeout = 7 * 24 * time.Hour
	startTries     = 20
	maxPause       = 10 * time.Minute
)

// BackupInstanceInput describes the backup of one instance.
type BackupInstanceInput struct {
	Plan       backup.Plan
	Instance   string
	Task       string
	PreRestore bool // safety snapshot before a restore, outside any plan
	// ConsistencyGroup delays the image until all instances of the run are shut off.
	ConsistencyGroup bool `json:",omitempty"`
}

// BackupInstance backs up one instance as its plan specifies. Its workflow ID is the ID of an operation on the instance,
// so no other operation works on the instance meanwhile. It is a part of its parent's task.
func BackupInstance(ctx workflow.Context, in BackupInstanceInput) (b backup.Backup, err error) {
	if err := workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeyword(operation.TaskKey).ValueSet(in.Task)); err != nil {
		return b, err
	}
	ctx = operation.WithParentTask(ctx, in.Task, BackupInstance)
	if in.Plan.Method == backup.FileLevel {
		return backUpFiles(ctx, in)
	}
	return snapshotInstance(ctx, in)
}

// backUpFiles runs the backup engine on the instance.
func backUpFiles(ctx workflow.Context, in BackupInstanceInput) (b backup.Backup, err error) {
	var (
		compute *nova.Activities
		host    *filebackup.Activities
		at      nova.EnrolledInstance
	)
	if err := runActivity(ctx, backupCall, compute.GetEnrollment, nova.InstanceRef{ID: in.Instance}, &at); err != nil {
		return b, err
	}
	if at.Deleted {
		return b, fault.Final(fault.New(fault.Invalid, nil, "the instance no longer exists"))
	}
	if !at.Enrolled {
		return b, fault.Final(fault.New(fault.Invalid, nil, "the instance is not enrolled"))
	}
	err = runActivity(ctx, filesTimeout, host.BackUpFiles, filebackup.BackUpFilesInput{Instance: in.Instance, Name: at.Name, Address: at.Enrollment.Address,
		HostKey: at.Enrollment.HostKey, Task: in.Task, Plan: in.Plan}, &b)
	return b, err
}

// snapshotInstance shuts the instance off, creates an image of it, and restarts it, also after an error. It deletes an
// incomplete image.
func snapshotInstance(ctx workflow.Context, in BackupInstanceInput) (b backup.Backup, err error) {
	var (
		compute *nova.Activities
		image   *glance.Activities
		server  nova.Server
		ref     = nova.InstanceRef{ID: in.Instance}
		began   = workflow.Now(ctx)
	)
	if err := runActivity(ctx, backupCall, compute.GetServer, ref, &server); err != nil {
		return b, err
	}
	free, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	name := ""
	defer func() {
		if err != nil {
			deletePartialImage(free, glance.DiscardBackupInput{Task: in.Task, Instance: in.Instance, Name: name})
		}
	}()
	made, err := createImage(ctx, free, in, server, &name)
	if err != nil {
		return b, err
	}
	err = runActivity(ctx, backupCall, image.FinalizeBackup, glance.AwaitImageInput{Image: made, Began: began}, &b)
	return b, err
}

// createImage shuts the instance off, creates the image and restarts the instance. It sets name before it requests the
// image, so that the caller can delete a partial image.
func createImage(ctx, free workflow.Context, in BackupInstanceInput, server nova.Server, name *string) (made string, err error) {
	var (
		compute *nova.Activities
		image   *glance.Activities
		ref     = nova.InstanceRef{ID: in.Instance}
	)
	if server.Running {
		// Deferred before the stop: a stop whose response was lost has been carried out too.
		defer func() {
			if e := restartWithRetry(free, ref); e != nil && err == nil {
				err = e
			}
		}()
		if err := runActivity(ctx, stopTimeout, compute.StopServer, ref, nil); err != nil {
			return "", notStopped(server.Name, err)
		}
	}
	consistency := backup.Cold
	if in.ConsistencyGroup {
		consistency = backup.ColdGroup
		if err := awaitGroup(ctx, in.Instance); err != nil {
			return "", err
		}
	}
	now := workflow.Now(ctx).UTC()
	*name = fmt.Sprintf("%s %s", server.Name, now.Format("2006-01-02 15:04:05"))
	input := nova.SnapshotServerInput{Name: *name, Metadata: backup.SnapshotMetadata{
		Plan: in.Plan.ID, PlanName: in.Plan.Name, Instance: in.Instance, InstanceName: server.Name, Task: in.Task, At: now,
		Consistency: consistency, PreRestore: in.PreRestore, Spec: server.Spec}}
	if err := runActivity(ctx, backupCall, compute.SnapshotServer, input, &made); err != nil {
		return "", err
	}
	return made, runActivity(ctx, imageTimeout, image.AwaitImage, glance.AwaitImageInput{Image: made}, nil)
}

// restartWithRetry restarts the instance, retrying for days: the reason why Nova refuses may be temporary.
func restartWithRetry(ctx workflow.Context, ref nova.InstanceRef) (err error) {
	var compute *nova.Activities
	for try := range startTries {
		if err = runActivity(ctx, restartTimeout, compute.StartServer, ref, nil); err == nil {
			return nil
		}
		if e := workflow.Sleep(ctx, min(time.Second<<try, maxPause)); e != nil {
			return err
		}
	}
	return fault.Final(fault.New(fault.KindOf(err), err, "the instance was shut off for its backup and cannot be restarted: %s",
		fault.MessageOf(err)))
}

// deletePartialImage deletes an image that did not become a backup. Leftovers are logged; no list shows them.
func deletePartialImage(ctx workflow.Context, in glance.DiscardBackupInput) {
	var image *glance.Activities
	if err := runActivity(ctx, restartTimeout, image.DiscardBackup, in, nil); err != nil {
		workflow.GetLogger(ctx).Error("Partial image not deleted", "error", err)
	}
}

// runActivity runs one activity of a workflow that is not a task. It retries for at most limit without asking a user. A
// cancel waits until the activity ends.
func runActivity(ctx workflow.Context, limit time.Duration, activity, in, out any) error {
	return workflow.ExecuteActivity(operation.LongRunning(ctx, limit), activity, in).Get(ctx, out)
}
