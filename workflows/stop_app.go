package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/cinder"
	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/internal/operation"
)

// StopAppInput names the app.
type StopAppInput struct {
	App string `json:"app"`
}

// StopApp scales the app to zero and waits until its volume is detached. Release, settings and volume are kept for the
// next launch. After a cancel, the app is started again.
func StopApp(ctx workflow.Context, in StopAppInput) (err error) {
	var (
		k8s   *kubernetes.Activities
		block *cinder.Activities
	)
	run, err := operation.Begin(ctx, k8s.StopApp, block.AwaitDetached)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)

	run.Compensate(k8s.InstallApp, kubernetes.InstallAppInput{App: in.App, TaskID: operation.TaskID(ctx) + "-undo"})
	var volume kubernetes.BoundVolume
	if err := run.Call(ctx, k8s.StopApp, kubernetes.AppRef{App: in.App, TaskID: operation.TaskID(ctx)}, &volume); err != nil {
		return err
	}
	return run.Wait(ctx, attachTimeout, block.AwaitDetached, cinder.Ref{ID: volume.VolumeID}, nil)
}
