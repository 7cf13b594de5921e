package workflows

import (
	"strings"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/cinder"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/operation"
)

// restoreToNewServer creates a new server from a snapshot. The instance, if it still exists, is left unchanged. The new
// server has the flavor, networks, security groups, key pair and metadata of the instance, but new addresses and, if the
// instance boots from volumes, new volumes. The new server is started but not enrolled. After a failure or a cancel,
// everything that was created is deleted.
func restoreToNewServer(ctx workflow.Context, in RestoreInstanceInput) (err error) {
	var (
		compute *nova.Activities
		volume  *cinder.Activities
		spec    nova.ServerSpec
		volumes []string
		created nova.CreateServerResult
		task    = operation.TaskID(ctx)
	)
	run, err := operation.Begin(ctx, compute.ResolveServerSpec, volume.CreateVolumesFromSnapshots, compute.CreateServer)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	err = run.Call(ctx, compute.ResolveServerSpec, nova.ResolveServerSpecInput{Image: in.Backup.Image, Instance: in.Instance, Name: in.NewServerName,
		Flavor: in.Flavor, Networks: in.Networks}, &spec)
	if err != nil {
		return err
	}
	if len(spec.Disks) == 0 {
		run.Skip(volume.CreateVolumesFromSnapshots)
	} else {
		run.Compensate(volume.DeleteRestoredVolumes, cinder.DeleteRestoredVolumesInput{Task: task})
		input := cinder.CreateVolumesFromSnapshotsInput{Task: task, Name: in.NewServerName, Disks: spec.Disks}
		if err := run.Do(ctx, imageTimeout, volume.CreateVolumesFromSnapshots, input, &volumes); err != nil {
			return err
		}
	}
	run.Compensate(compute.DeleteRestoredServer, nova.DeleteRestoredServerInput{Task: task})
	input := nova.CreateServerInput{ServerSpec: spec, Volumes: volumes, Task: task}
	if err := run.Do(ctx, rebuildTimeout, compute.CreateServer, input, &created); err != nil {
		return err
	}
	run.Result("server", created.ID)
	run.Result("server_name", in.NewServerName)
	run.Result("addresses", created.Addresses)
	at := strings.Join(created.Addresses, ", ")
	run.SetMessage("the new server %s runs at %s", in.NewServerName, at)
	if !spec.Note.IsZero() {
		run.Result("note", spec.Note)
		run.SetMessage("the new server %s runs at %s: %s", in.NewServerName, at, spec.Note)
	}
	return nil
}
