package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/cinder"
	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/internal/operation"
)

const (
	volumeTimeout = 10 * time.Minute
	attachTimeout = 15 * time.Minute
	healthTimeout = 20 * time.Minute // pulls images and creates databases
)

// LaunchAppInput holds the options of a launch. Empty fields default to the catalogue's values.
type LaunchAppInput struct {
	App          string `json:"app"`
	Version      string `json:"version,omitempty"`
	VolumeSizeGB int    `json:"volume_size_gb,omitempty"`
	VolumeID     string `json:"volume_id,omitempty"`
}

// LaunchApp creates the block volume of the app or adopts a retained one with its data, installs the app on the cluster,
// and waits until the volume is attached and the app is healthy. After a permanent failure or a cancel, release and claim
// are deleted, and the volume too unless it holds data.
func LaunchApp(ctx workflow.Context, in LaunchAppInput) (err error) {
	var (
		block *cinder.Activities
		k8s   *kubernetes.Activities
	)
	run, err := operation.Begin(ctx, k8s.PreflightApp, block.CreateVolume, block.AwaitVolume, k8s.BindVolume,
		k8s.InstallApp, block.AwaitAttached, k8s.AwaitApp)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	task := operation.TaskID(ctx)

	var plan kubernetes.LaunchPlan
	if err := run.Call(ctx, k8s.PreflightApp, kubernetes.PreflightAppInput{App: in.App, Version: in.Version, VolumeSizeGB: in.VolumeSizeGB}, &plan); err != nil {
		return err
	}
	var volume cinder.Volume
	run.Compensate(block.DeleteVolume, func() any {
		return cinder.Ref{ID: volume.ID, OnlyIfEmpty: true, InUse: plan.Running, App: in.App, TaskID: task}
	})
	if err := run.Call(ctx, block.CreateVolume, cinder.CreateVolumeInput{App: in.App, SizeGB: plan.VolumeSizeGB, VolumeID: in.VolumeID, TaskID: task}, &volume); err != nil {
		return err
	}
	run.Result("volume", volume.ID)
	if err := run.Wait(ctx, volumeTimeout, block.AwaitVolume, cinder.Ref{ID: volume.ID}, nil); err != nil {
		return err
	}
	undoInstall(run, plan, in.App, task)
	if err := run.Call(ctx, k8s.BindVolume, kubernetes.BindVolumeInput{App: in.App, VolumeID: volume.ID, SizeGB: volume.SizeGB}, nil); err != nil {
		return err
	}
	if err := run.Call(ctx, k8s.InstallApp, kubernetes.InstallAppInput{App: in.App, Version: plan.Version, TaskID: task}, nil); err != nil {
		return err
	}
	if err := run.Wait(ctx, attachTimeout, block.AwaitAttached, cinder.Ref{ID: volume.ID}, nil); err != nil {
		return err
	}
	var ready kubernetes.AwaitAppResult
	if err := run.Wait(ctx, healthTimeout, k8s.AwaitApp, kubernetes.AppRef{App: in.App}, &ready); err != nil {
		return err
	}
	run.Result("url", ready.URL)
	return nil
}

// undoInstall registers the compensation that returns the app to its previous state: absent, stopped or running.
func undoInstall(run *operation.Run, plan kubernetes.LaunchPlan, app, task string) {
	var k8s *kubernetes.Activities
	switch {
	case !plan.Installed:
		run.Compensate(k8s.UnbindVolume, kubernetes.AppRef{App: app})
		run.Compensate(k8s.UninstallApp, kubernetes.AppRef{App: app})
	case !plan.Running:
		run.Compensate(k8s.StopApp, kubernetes.AppRef{App: app, TaskID: task + "-undo"})
	}
}
