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

// RestoreInstanceInput brings an instance back to a backup.
type RestoreInstanceInput struct {
	Backup   backup.Backup `json:"backup"`
	Instance string        `json:"instance"`
	// Of a soft backup: which files, none is all, and to which directory.
	Paths  []string `json:"paths,omitempty"`
	Target string   `json:"target,omitempty"`
	// Beside is the name of a new server that is made of a snapshot; "" replaces the instance's disk.
	NewServerName string `json:"new_server_name,omitempty"`
	// Of the new server, by name or id; "" and none are as the instance has, or had, them.
	Flavor   string   `json:"flavor,omitempty"`
	Networks []string `json:"networks,omitempty"`
}

// RestoreInstance brings an instance back to a snapshot, in place or as a new server beside it, or files of a
// soft backup onto it.
func RestoreInstance(ctx workflow.Context, in RestoreInstanceInput) error {
	if in.Backup.Method == backup.FileLevel {
		return restoreFiles(ctx, in)
	}
	if in.NewServerName != "" {
		return restoreToNewServer(ctx, in)
	}
	return restoreDisk(ctx, in)
}

// restoreFiles puts files into a directory of the instance, beside what is there.
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

// restoreDisk replaces an instance's disk by a snapshot, after a safety snapshot of what is there now.
// Addresses, volumes and metadata stay; it runs again if it ran before, and the manager signs in to see that it
// answers and how its agents stand. When the disk cannot be replaced, what was there before comes back.
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
		return fault.Final(fault.New(fault.Invalid, nil, "%s boots from a volume, whose disk cannot be replaced: restore it as a new server beside it", server.Name))
	}
	answers, err := probeSSH(ctx, run, server)
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
	run.Commit() // the disk is that of the backup: from here on, back is another restore
	if err := restorePowerState(ctx, run, ref, server, answers); err != nil {
		return err
	}
	return checkAgents(ctx, run, in.Instance, server, answers)
}

// probeSSH reports whether the manager reaches the instance before it is restored: only then it is looked
// at afterwards.
func probeSSH(ctx workflow.Context, run *operation.Run, server nova.Server) (yes bool, err error) {
	var host *ansible.Activities
	if !server.Running || !server.Enrolled {
		run.Skip(host.ProbeSSH)
		return false, nil
	}
	err = run.Call(ctx, host.ProbeSSH, ansible.SSHTarget{Address: server.Enrollment.Address, HostKey: server.Enrollment.HostKey}, &yes)
	return yes, err
}

// restorePowerState brings the instance to the power state that it had, and signs in when it answered before.
func restorePowerState(ctx workflow.Context, run *operation.Run, ref nova.InstanceRef, before nova.Server, answers bool) error {
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
	if !answers {
		run.Skip(host.AwaitSSH)
		return nil
	}
	e := before.Enrollment
	if err := run.Wait(ctx, restoredTimeout, host.AwaitSSH, ansible.SSHTarget{Address: e.Address, HostKey: e.HostKey}, nil); err != nil {
		return fault.Final(fault.New(fault.KindOf(err), err, "the disk is restored, but the manager cannot sign in: %s", fault.MessageOf(err)))
	}
	return nil
}

// SafetySnapshot keeps what an instance holds before it is replaced. It is a part of a restore, which holds
// the instance.
func SafetySnapshot(ctx workflow.Context, in BackupInstanceInput) (backup.Backup, error) {
	return snapshotInstance(ctx, in)
}
