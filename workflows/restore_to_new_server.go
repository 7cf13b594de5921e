package workflows

import (
	"strings"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/cinder"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/operation"
)

// restoreToNewServer makes a new server of a snapshot and leaves the instance, if there still is one, as it is. The
// new server has the instance's flavor, networks, security groups, key pair and metadata, and addresses of its
// own; where the instance boots from volumes, it gets new ones. It runs, and is not enrolled. A run that does
// not end well takes all of it away again.
func restoreToNewServer(ctx workflow.Context, in RestoreInstanceInput) (err error) {
	var (
		compute *nova.Activities
		volume  *cinder.Activities
		drawing nova.ServerSpec
		copies  []string
		made    nova.CreateServerResult
		task    = operation.TaskID(ctx)
	)
	run, err := operation.Begin(ctx, compute.ResolveServerSpec, volume.CreateVolumesFromSnapshots, compute.CreateServer)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	err = run.Call(ctx, compute.ResolveServerSpec, nova.ResolveServerSpecInput{Image: in.Backup.Image, Instance: in.Instance, Name: in.NewServerName,
		Flavor: in.Flavor, Networks: in.Networks}, &drawing)
	if err != nil {
		return err
	}
	if len(drawing.Disks) == 0 {
		run.Skip(volume.CreateVolumesFromSnapshots)
	} else {
		run.Compensate(volume.DeleteRestoredVolumes, cinder.DeleteRestoredVolumesInput{Task: task})
		if err := run.Do(ctx, imageTimeout, volume.CreateVolumesFromSnapshots, cinder.CreateVolumesFromSnapshotsInput{Task: task, Name: in.NewServerName, Disks: drawing.Disks}, &copies); err != nil {
			return err
		}
	}
	run.Compensate(compute.DeleteRestoredServer, nova.DeleteRestoredServerInput{Task: task})
	if err := run.Do(ctx, rebuildTimeout, compute.CreateServer, nova.CreateServerInput{ServerSpec: drawing, Volumes: copies, Task: task}, &made); err != nil {
		return err
	}
	run.Result("server", made.ID)
	run.Result("server_name", in.NewServerName)
	run.Result("addresses", made.Addresses)
	at := strings.Join(made.Addresses, ", ")
	run.SetMessage("%s runs beside it at %s", in.NewServerName, at)
	if drawing.RequiredSubnet != "" {
		run.Result("note", drawing.RequiredSubnet)
		run.SetMessage("%s runs beside it at %s: %s", in.NewServerName, at, drawing.RequiredSubnet)
	}
	return nil
}
