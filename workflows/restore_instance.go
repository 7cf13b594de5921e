package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/activities/filebackup"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

const (
	rebuildTimeout  = 2 * time.Hour
	restoredTimeout = 15 * time.Minute
)

// RestoreInstanceInput selects the backup and the target of a restore.
type RestoreInstanceInput struct {
	Backup   backup.Backup `json:"backup"`
	Instance string        `json:"instance"`
	// Paths and Target apply to file backups: the files to restore, by default all, and the directory to restore to.
	Paths  []string `json:"paths,omitempty"`
	Target string   `json:"target,omitempty"`
	// NewServerName is the name of a new server to create from the snapshot; "" replaces the disk of the instance.
	NewServerName string `json:"new_server_name,omitempty"`
	// Flavor and Networks of the new server, by name or ID. They default to those of the instance.
	Flavor   string   `json:"flavor,omitempty"`
	Networks []string `json:"networks,omitempty"`
}

// RestoreInstance restores a snapshot in place or as a new server, or restores files of a file backup to the instance.
func RestoreInstance(ctx workflow.Context, in RestoreInstanceInput) error {
	if in.Backup.Method == backup.FileLevel {
		return restoreFiles(ctx, in)
	}
	if in.NewServerName != "" {
		return restoreToNewServer(ctx, in)
	}
	return restoreDisk(ctx, in)
}

// restoreFiles restores files to a directory of the instance. Existing files are kept.
func restoreFiles(ctx workflow.Context, in RestoreInstanceInput) (err error) {
	var host *filebackup.Activities
	run, err := operation.Begin(ctx, host.RestoreFiles)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	at, err := sshTarget(ctx, run, in.Instance)
	if err != nil {
		return err
	}
	var out filebackup.RestoreFilesResult
	err = run.Wait(ctx, filesTimeout, host.RestoreFiles, filebackup.RestoreFilesInput{Backup: in.Backup, Instance: in.Instance, Name: at.Name,
		Address: at.Enrollment.Address, HostKey: at.Enrollment.HostKey, Paths: in.Paths, Target: in.Target, Task: operation.TaskID(ctx)}, &out)
	if err != nil {
		return err
	}
	run.Result("files", out.Files)
	run.Result("bytes", out.Bytes)
	run.Result("target", out.Target)
	run.Result("checked", out.Checked)
	run.SetMessage("%d files, %s, are in %s", out.Files, mebibytes(out.Bytes), out.Target)
	return nil
}

// restoreDisk replaces the disk of an instance with a snapshot, after it has taken a safety snapshot. Addresses, volumes
// and metadata are kept. The instance is restarted if it was running; the manager then checks SSH access and the agents.
// If the disk cannot be replaced, the safety snapshot is restored.
func restoreDisk(ctx workflow.Context, in RestoreInstanceInput) (err error) {
	var (
		compute *nova.Activities
		host    *ansible.Activities
		server  nova.Server
		safety  backup.Backup
		ref     = nova.InstanceRef{ID: in.Instance}
	)
	run, err := operation.Begin(ctx, compute.GetServer, host.ProbeSSH, SafetySnapshot, compute.RebuildServer, compute.StartServer, host.AwaitSSH, host.RunAgentPlaybook)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	if err := run.Call(ctx, compute.GetServer, ref, &server); err != nil {
		return err
	}
	if server.VolumeBacked {
		return fault.Final(fault.New(fault.Invalid, nil, "%s boots from a volume and cannot be restored in place: restore it as a new server",
			server.Name))
	}
	reachable, err := probeSSH(ctx, run, server)
	if err != nil {
		return err
	}
	err = run.Child(ctx, SafetySnapshot, "safety:"+in.Instance, BackupInstanceInput{Instance: in.Instance, Task: operation.TaskID(ctx), PreRestore: true,
		Plan: backup.Plan{ID: in.Backup.Plan, Name: in.Backup.PlanName}}, &safety)
	if err != nil {
		return err
	}
	run.Result("safety_backup", safety.ID)
	if server.Running {
		run.Compensate(compute.StartServer, ref)
	}
	run.Compensate(compute.RebuildServer, nova.RebuildInput{ID: in.Instance, Image: safety.Image, Task: operation.TaskID(ctx)})
	if err := run.Do(ctx, rebuildTimeout, compute.RebuildServer, nova.RebuildInput{ID: in.Instance, Image: in.Backup.Image, Task: operation.TaskID(ctx)}, nil); err != nil {
		return err
	}
	run.Commit() // the disk is replaced: from here on, only another restore can undo it
	if err := restorePowerState(ctx, run, ref, server, reachable); err != nil {
		return err
	}
	return checkAgents(ctx, run, in.Instance, server, reachable)
}

// probeSSH reports whether the manager can sign in to the instance before the restore. Only then is SSH access checked
// after the restore.
func probeSSH(ctx workflow.Context, run *operation.Run, server nova.Server) (reachable bool, err error) {
	var host *ansible.Activities
	if !server.Running || !server.Enrolled {
		run.Skip(host.ProbeSSH)
		return false, nil
	}
	err = run.Call(ctx, host.ProbeSSH, ansible.SSHTarget{Address: server.Enrollment.Address, HostKey: server.Enrollment.HostKey}, &reachable)
	return reachable, err
}

// restorePowerState returns the instance to its previous power state, and waits for SSH access if the instance was
// reachable before.
func restorePowerState(ctx workflow.Context, run *operation.Run, ref nova.InstanceRef, before nova.Server, reachable bool) error {
	var (
		compute *nova.Activities
		host    *ansible.Activities
	)
	if !before.Running {
		run.Skip(compute.StartServer, host.AwaitSSH)
		return run.Wait(ctx, stopTimeout, compute.StopServer, ref, nil)
	}
	if err := run.Wait(ctx, stopTimeout, compute.StartServer, ref, nil); err != nil {
		return err
	}
	if !reachable {
		run.Skip(host.AwaitSSH)
		return nil
	}
	e := before.Enrollment
	if err := run.Wait(ctx, restoredTimeout, host.AwaitSSH, ansible.SSHTarget{Address: e.Address, HostKey: e.HostKey}, nil); err != nil {
		return fault.Final(fault.New(fault.KindOf(err), err, "the disk is restored, but the manager cannot sign in: %s", fault.MessageOf(err)))
	}
	return nil
}

// SafetySnapshot takes a snapshot of an instance before its disk is replaced. It is a child of a restore, which locks the
// instance.
func SafetySnapshot(ctx workflow.Context, in BackupInstanceInput) (backup.Backup, error) {
	return snapshotInstance(ctx, in)
}
