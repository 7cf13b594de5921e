package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/cinder"
	"mycloudmanager/activities/cluster"
	"mycloudmanager/internal/flow"
)

const (
	volumePatience = 10 * time.Minute
	attachPatience = 15 * time.Minute
	healthPatience = 20 * time.Minute // images are pulled and databases made
)

// LaunchAppInput is what the user asks for; empty fields take the catalogue's.
type LaunchAppInput struct {
	App          string `json:"app"`
	Version      string `json:"version,omitempty"`
	VolumeSizeGB int    `json:"volume_size_gb,omitempty"`
	VolumeID     string `json:"volume_id,omitempty"`
}

// LaunchApp gives the app its block volume, installs it on the cluster, and waits until the volume
// is attached and the app is healthy. A kept volume is taken again with its data. If a step fails
// for good or the user cancels, release and claim go, and the volume too unless it holds data.
func LaunchApp(ctx workflow.Context, in LaunchAppInput) (err error) {
	var (
		block      *cinder.Activities
		kubernetes *cluster.Activities
	)
	run, err := flow.Begin(ctx, kubernetes.PreflightApp, block.CreateVolume, block.AwaitVolume, kubernetes.ClaimVolume,
		kubernetes.InstallApp, block.AwaitAttached, kubernetes.AwaitApp)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	operation := flow.TaskID(ctx)

	var plan cluster.Plan
	if err := run.Call(ctx, kubernetes.PreflightApp, cluster.PreflightInput{App: in.App, Version: in.Version, VolumeSizeGB: in.VolumeSizeGB}, &plan); err != nil {
		return err
	}
	var volume cinder.Volume
	run.Undo(block.DeleteVolume, func() any {
		return cinder.Ref{ID: volume.ID, OnlyIfEmpty: true, InUse: plan.Running, App: in.App, Operation: operation}
	})
	if err := run.Call(ctx, block.CreateVolume, cinder.CreateVolumeInput{App: in.App, SizeGB: plan.VolumeSizeGB, VolumeID: in.VolumeID, Operation: operation}, &volume); err != nil {
		return err
	}
	run.Result("volume", volume.ID)
	if err := run.Wait(ctx, volumePatience, block.AwaitVolume, cinder.Ref{ID: volume.ID}, nil); err != nil {
		return err
	}
	undoInstall(run, plan, in.App, operation)
	if err := run.Call(ctx, kubernetes.ClaimVolume, cluster.ClaimInput{App: in.App, VolumeID: volume.ID, SizeGB: volume.SizeGB}, nil); err != nil {
		return err
	}
	if err := run.Call(ctx, kubernetes.InstallApp, cluster.InstallInput{App: in.App, Version: plan.Version, Operation: operation}, nil); err != nil {
		return err
	}
	if err := run.Wait(ctx, attachPatience, block.AwaitAttached, cinder.Ref{ID: volume.ID}, nil); err != nil {
		return err
	}
	var ready cluster.Ready
	if err := run.Wait(ctx, healthPatience, kubernetes.AwaitApp, cluster.AppRef{App: in.App}, &ready); err != nil {
		return err
	}
	run.Result("url", ready.URL)
	return nil
}

// undoInstall brings the app back to what it was: absent, stopped, or running as before.
func undoInstall(run *flow.Run, plan cluster.Plan, app, operation string) {
	var kubernetes *cluster.Activities
	switch {
	case !plan.Installed:
		run.Undo(kubernetes.ReleaseVolume, cluster.AppRef{App: app})
		run.Undo(kubernetes.UninstallApp, cluster.AppRef{App: app})
	case !plan.Running:
		run.Undo(kubernetes.StopApp, cluster.AppRef{App: app, Operation: operation + "-undo"})
	}
}
