package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/cinder"
	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/internal/operation"
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
		block *cinder.Activities
		k8s   *kubernetes.Activities
	)
	run, err := operation.Begin(ctx, k8s.PreflightApp, block.CreateVolume, block.AwaitVolume, k8s.ClaimVolume,
		k8s.InstallApp, block.AwaitAttached, k8s.AwaitApp)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	operation := operation.TaskID(ctx)

	var plan kubernetes.Plan
	if err := run.Call(ctx, k8s.PreflightApp, kubernetes.PreflightInput{App: in.App, Version: in.Version, VolumeSizeGB: in.VolumeSizeGB}, &plan); err != nil {
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
	if err := run.Call(ctx, k8s.ClaimVolume, kubernetes.ClaimInput{App: in.App, VolumeID: volume.ID, SizeGB: volume.SizeGB}, nil); err != nil {
		return err
	}
	if err := run.Call(ctx, k8s.InstallApp, kubernetes.InstallInput{App: in.App, Version: plan.Version, Operation: operation}, nil); err != nil {
		return err
	}
	if err := run.Wait(ctx, attachPatience, block.AwaitAttached, cinder.Ref{ID: volume.ID}, nil); err != nil {
		return err
	}
	var ready kubernetes.Ready
	if err := run.Wait(ctx, healthPatience, k8s.AwaitApp, kubernetes.AppRef{App: in.App}, &ready); err != nil {
		return err
	}
	run.Result("url", ready.URL)
	return nil
}

// undoInstall brings the app back to what it was: absent, stopped, or running as before.
func undoInstall(run *operation.Run, plan kubernetes.Plan, app, operation string) {
	var k8s *kubernetes.Activities
	switch {
	case !plan.Installed:
		run.Undo(k8s.ReleaseVolume, kubernetes.AppRef{App: app})
		run.Undo(k8s.UninstallApp, kubernetes.AppRef{App: app})
	case !plan.Running:
		run.Undo(k8s.StopApp, kubernetes.AppRef{App: app, Operation: operation + "-undo"})
	}
}
