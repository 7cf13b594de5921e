package workflows

import (
	"strings"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/cinder"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/operation"
)

// restoreBeside makes a new server of a snapshot and leaves the instance, if there still is one, as it is. The
// new server has the instance's flavor, networks, security groups, key pair and metadata, and addresses of its
// own; where the instance boots from volumes, it gets new ones. It runs, and is not enrolled. A run that does
// not end well takes all of it away again.
func restoreBeside(ctx workflow.Context, in RestoreInput) (err error) {
	var (
		compute *nova.Activities
		volume  *cinder.Activities
		drawing nova.Drawing
		copies  []string
		made    nova.Made
		task    = operation.TaskID(ctx)
	)
	run, err := operation.Begin(ctx, compute.DrawServer, volume.CopyVolumes, compute.MakeServer)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	err = run.Call(ctx, compute.DrawServer, nova.DrawInput{Image: in.Backup.Image, Instance: in.Instance, Name: in.Beside,
		Flavor: in.Flavor, Networks: in.Networks}, &drawing)
	if err != nil {
		return err
	}
	if len(drawing.Disks) == 0 {
		run.Skip(volume.CopyVolumes)
	} else {
		run.Undo(volume.DropCopies, cinder.DropCopiesInput{Task: task})
		if err := run.Alter(ctx, imagePatience, volume.CopyVolumes, cinder.CopyInput{Task: task, Name: in.Beside, Disks: drawing.Disks}, &copies); err != nil {
			return err
		}
	}
	run.Undo(compute.RemoveServer, nova.RemoveServerInput{Task: task})
	if err := run.Alter(ctx, rebuildPatience, compute.MakeServer, nova.MakeServerInput{Drawing: drawing, Volumes: copies, Task: task}, &made); err != nil {
		return err
	}
	run.Result("server", made.ID)
	run.Result("server_name", in.Beside)
	run.Result("addresses", made.Addresses)
	at := strings.Join(made.Addresses, ", ")
	run.Say("%s runs beside it at %s", in.Beside, at)
	if drawing.Note != "" {
		run.Result("note", drawing.Note)
		run.Say("%s runs beside it at %s: %s", in.Beside, at, drawing.Note)
	}
	return nil
}
