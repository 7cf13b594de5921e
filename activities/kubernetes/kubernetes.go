// Package kubernetes holds the activities on the Kubernetes cluster of the stack.
package kubernetes

import (
	"context"
	"time"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/app/cluster"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// Activities drives the cluster.
type Activities struct {
	Cluster      *cluster.Cluster
	Catalog      *catalog.Catalog
	PollInterval time.Duration // between two looks
}

// AwaitClusterInput says how many servers must have joined; 0 for as many as there are.
type AwaitClusterInput struct{ Servers int }

// AwaitClusterResult is the cluster that answered.
type AwaitClusterResult struct{ Version string }

// AwaitCluster waits until the cluster's API answers and every node is ready. It is a read.
func (a *Activities) AwaitCluster(ctx context.Context, in AwaitClusterInput) (AwaitClusterResult, error) {
	var found AwaitClusterResult
	err := operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, string, error) {
		version, ready, total, err := a.Cluster.Info(ctx)
		if err != nil {
			return false, "", fault.New(fault.Unavailable, err, "the cluster does not answer yet: %s", fault.MessageOf(err))
		}
		found.Version = version
		return total > 0 && ready == total && total >= in.Servers, nodesReady(ready, max(total, in.Servers)), nil
	})
	return found, err
}

// ResetClusterConnection drops the connection and the cached kubeconfig of a cluster that was deleted.
func (a *Activities) ResetClusterConnection(context.Context) error { return a.Cluster.Reset() }

// UninstallAllApps uninstalls every app and waits until no volume is attached any more, so that the
// stack's servers can go while the volumes stay. A cluster that is gone or does not answer holds
// nothing: Nova detaches what its servers had.
func (a *Activities) UninstallAllApps(ctx context.Context) error {
	if _, _, _, err := a.Cluster.Info(ctx); err != nil {
		operation.ReportProgress(ctx, "the cluster does not answer: "+fault.MessageOf(err))
		return nil
	}
	for _, app := range a.Catalog.Apps() {
		if _, err := a.UninstallApp(ctx, AppRef{App: app.Name}); err != nil {
			return err
		}
		if err := a.UnbindVolume(ctx, AppRef{App: app.Name}); err != nil {
			return err
		}
	}
	return operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, string, error) {
		n, err := a.Cluster.Attachments(ctx)
		return n == 0, volumesLeft(n), err
	})
}

// PreflightAppInput is what a launch asks for.
type PreflightAppInput struct {
	App          string
	Version      string
	VolumeSizeGB int
}

// LaunchPlan is what a launch will do.
type LaunchPlan struct {
	Version      string
	VolumeSizeGB int
	Installed    bool // a app is there already
	Running      bool // and it is not stopped
}

// PreflightApp checks that the app exists, its settings are valid and the cluster answers. It is a read.
func (a *Activities) PreflightApp(ctx context.Context, in PreflightAppInput) (LaunchPlan, error) {
	app, err := a.Catalog.App(in.App)
	if err != nil {
		return LaunchPlan{}, err
	}
	plan := LaunchPlan{Version: in.Version, VolumeSizeGB: in.VolumeSizeGB}
	if plan.VolumeSizeGB == 0 {
		plan.VolumeSizeGB = app.Volume.SizeGB
	}
	saved, err := a.Cluster.Settings(ctx, in.App)
	if err != nil {
		return plan, err
	}
	if err := app.CheckSettings(saved.Settings); err != nil {
		return plan, err
	}
	release, err := a.Cluster.Release(ctx, in.App)
	if err != nil {
		return plan, err
	}
	plan.Installed = release != nil && release.Deployed()
	plan.Running = plan.Installed && release.Replicas > 0
	return plan, nil
}

// AppRef names an app.
type AppRef struct {
	App    string
	TaskID string
}

// BoundVolume is the volume that an app's claim stands for; empty when there is none.
type BoundVolume struct{ VolumeID string }

// BindVolumeInput ties a volume to an app.
type BindVolumeInput struct {
	App      string
	VolumeID string
	SizeGB   int
}

// BindVolume makes the PersistentVolume for the Cinder volume and the app's claim on it. It is
// idempotent by their names; a claim on another volume is replaced while the app does not run.
func (a *Activities) BindVolume(ctx context.Context, in BindVolumeInput) error {
	return a.Cluster.BindVolume(ctx, in.App, in.VolumeID, in.SizeGB)
}

// UnbindVolume deletes the app's claim and PersistentVolume; the Cinder volume stays. It tolerates
// absence.
func (a *Activities) UnbindVolume(ctx context.Context, in AppRef) error {
	return a.Cluster.UnbindVolume(ctx, in.App)
}

// InstallAppInput describes a release.
type InstallAppInput struct {
	App     string
	Version string
	TaskID  string
}

// InstallApp installs the app's chart, or upgrades its release, with the saved settings. It is
// idempotent by the operation's label on the release; what a dead worker left half done is
// replaced.
func (a *Activities) InstallApp(ctx context.Context, in InstallAppInput) error {
	app, err := a.Catalog.App(in.App)
	if err != nil {
		return err
	}
	saved, err := a.Cluster.Settings(ctx, in.App)
	if err != nil {
		return err
	}
	return a.Cluster.Install(ctx, cluster.Install{App: app, Settings: saved.Settings, TaskID: in.TaskID, Replicas: 1})
}

// StopApp sets the app's release to no replicas. It is idempotent by the operation's label.
func (a *Activities) StopApp(ctx context.Context, in AppRef) (BoundVolume, error) {
	app, err := a.Catalog.App(in.App)
	if err != nil {
		return BoundVolume{}, err
	}
	saved, err := a.Cluster.Settings(ctx, in.App)
	if err != nil {
		return BoundVolume{}, err
	}
	volume, err := a.Cluster.BoundVolume(ctx, in.App)
	if err != nil {
		return BoundVolume{}, err
	}
	return BoundVolume{volume}, a.Cluster.Install(ctx, cluster.Install{App: app, Settings: saved.Settings, TaskID: in.TaskID, Replicas: 0})
}

// UninstallApp removes the app's release and waits until its pods are gone. It tolerates absence.
func (a *Activities) UninstallApp(ctx context.Context, in AppRef) (BoundVolume, error) {
	volume, err := a.Cluster.BoundVolume(ctx, in.App)
	if err != nil {
		return BoundVolume{}, err
	}
	if err := a.Cluster.Uninstall(ctx, in.App); err != nil {
		return BoundVolume{}, err
	}
	return BoundVolume{volume}, operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, string, error) {
		n, err := a.Cluster.Pods(ctx, in.App)
		return n == 0, podsLeft(n), err
	})
}

// AwaitAppResult is an app that serves.
type AwaitAppResult struct{ URL string }

// AwaitApp waits until the app is healthy. It is a read.
func (a *Activities) AwaitApp(ctx context.Context, in AppRef) (AwaitAppResult, error) {
	entry, err := a.Catalog.App(in.App)
	if err != nil {
		return AwaitAppResult{}, err
	}
	return AwaitAppResult{entry.URL()}, operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, string, error) {
		h, err := a.Cluster.Health(ctx, in.App)
		return h.Health == app.Healthy, string(h.Health) + ": " + h.Reason, err
	})
}

// SaveSettingsInput holds new settings.
type SaveSettingsInput struct {
	App      string
	Settings app.Settings
	ETag     string
	TaskID   string
}

// SaveSettingsResult tells whether the settings must be applied to a running app.
type SaveSettingsResult struct{ Running bool }

// SaveSettings keeps the settings beside the app, the ones before too. It is idempotent by the
// operation's label. When somebody changed them since the user looked, it is a conflict, final.
func (a *Activities) SaveSettings(ctx context.Context, in SaveSettingsInput) (SaveSettingsResult, error) {
	if err := a.Cluster.SaveSettings(ctx, in.App, in.Settings, in.ETag, in.TaskID); err != nil {
		return SaveSettingsResult{}, err
	}
	release, err := a.Cluster.Release(ctx, in.App)
	if err != nil {
		return SaveSettingsResult{}, err
	}
	return SaveSettingsResult{Running: release != nil && release.Deployed() && release.Replicas > 0}, nil
}

// RestoreSettings brings the settings back that the operation replaced, and the release to them. It
// is idempotent: settings that are not the operation's stay, and the release is what it should be.
func (a *Activities) RestoreSettings(ctx context.Context, in AppRef) error {
	if _, err := a.Cluster.RestoreSettings(ctx, in.App, in.TaskID); err != nil {
		return err
	}
	release, err := a.Cluster.Release(ctx, in.App)
	if err != nil || release == nil || release.Replicas == 0 {
		return err
	}
	return a.InstallApp(ctx, InstallAppInput{App: in.App, TaskID: in.TaskID + "-undo"})
}
