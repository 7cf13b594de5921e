package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/cinder"
	"mycloudmanager/activities/cluster"
	"mycloudmanager/internal/flow"
)

// StopAppInput names the app.
type StopAppInput struct {
	App string `json:"app"`
}

// StopApp takes the app's processes away and waits until its volume is free. Release, settings and
// volume stay for the next launch. If it is cancelled, the app runs again.
func StopApp(ctx workflow.Context, in StopAppInput) (err error) {
	var (
		kubernetes *cluster.Activities
		block      *cinder.Activities
	)
	run, err := flow.Begin(ctx, kubernetes.StopApp, block.AwaitDetached)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)

	run.Undo(kubernetes.InstallApp, cluster.InstallInput{App: in.App, Operation: flow.TaskID(ctx) + "-undo"})
	var volume cluster.Claimed
	if err := run.Call(ctx, kubernetes.StopApp, cluster.AppRef{App: in.App, Operation: flow.TaskID(ctx)}, &volume); err != nil {
		return err
	}
	return run.Wait(ctx, attachPatience, block.AwaitDetached, cinder.Ref{ID: volume.VolumeID}, nil)
}
