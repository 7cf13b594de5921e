// Package kubernetes holds the activities that drive the Kubernetes cluster on the stack.
package kubernetes

import (
	"context"
	"time"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/app/cluster"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Activities drives the cluster of the stack.
type Activities struct {
	Cluster      *cluster.Cluster
	Catalog      *catalog.Catalog
	PollInterval time.Duration // between two polls
}

// AwaitClusterInput holds the number of servers that must have joined; 0 accepts any number.
type AwaitClusterInput struct{ Servers int }

// AwaitClusterResult holds the version of the cluster.
type AwaitClusterResult struct{ Version string }

// AwaitCluster waits until the API of the cluster responds and every node is ready. It is a read.
func (a *Activities) AwaitCluster(ctx context.Context, in AwaitClusterInput) (AwaitClusterResult, error) {
	var found AwaitClusterResult
	err := operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		version, ready, total, err := a.Cluster.Info(ctx)
		if err != nil {
			return false, i18n.Message{}, fault.New(fault.Unavailable, err, "the cluster does not respond yet: %s", fault.MessageOf(err))
		}
		found.Version = version
		return total > 0 && ready == total && total >= in.Servers, nodesReady(ready, max(total, in.Servers)), nil
	})
	return found, err
}

// ResetClusterConnection drops the connection and the cached kubeconfig of a deleted cluster. It is idempotent.
func (a *Activities) ResetClusterConnection(context.Context) error { return a.Cluster.Reset() }

// UninstallAllApps uninstalls every app and waits until no volume is attached, so that the stack's servers can be deleted
// without the volumes. It is idempotent. A cluster that does not exist or does not respond is skipped: Nova detaches the
// volumes of its servers.
func (a *Activities) UninstallAllApps(ctx context.Context) error {
	if _, _, _, err := a.Cluster.Info(ctx); err != nil {
		operation.ReportProgress(ctx, i18n.Messagef("the cluster does not respond: %s", fault.MessageOf(err)))
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
	return operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		n, err := a.Cluster.Attachments(ctx)
		return n == 0, volumesLeft(n), err
	})
}

// PreflightAppInput holds the options of a launch.
type PreflightAppInput struct {
	App          string
	Version      string
	VolumeSizeGB int
}

// LaunchPlan describes the state before a launch and the resolved options.
type LaunchPlan struct {
	Version      string
	VolumeSizeGB int
	Installed    bool // a release exists
	Running      bool // the app is not stopped
}

// PreflightApp checks that the app exists, that its settings are valid and that the cluster responds. It is a read.
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

// BoundVolume is the volume that is bound to an app's claim; empty if there is none.
type BoundVolume struct{ VolumeID string }

// BindVolumeInput names the volume and the app.
type BindVolumeInput struct {
	App      string
	VolumeID string
	SizeGB   int
}

// BindVolume creates the PersistentVolume for the Cinder volume and the app's claim. It is idempotent by their names; a
// claim on another volume is replaced unless the app is running.
func (a *Activities) BindVolume(ctx context.Context, in BindVolumeInput) error {
	return a.Cluster.BindVolume(ctx, in.App, in.VolumeID, in.SizeGB)
}

// UnbindVolume deletes the app's claim and PersistentVolume; the Cinder volume is kept. It is idempotent and tolerates
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

// InstallApp installs the app's chart, or upgrades its release, with the saved settings. It is idempotent by the task's
// label on the release; a release that a crashed worker left pending is replaced.
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

// StopApp scales the app's release to zero replicas. It is idempotent by the task's label.
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

// UninstallApp deletes the app's release and waits until its pods are deleted. It is idempotent and tolerates absence.
func (a *Activities) UninstallApp(ctx context.Context, in AppRef) (BoundVolume, error) {
	volume, err := a.Cluster.BoundVolume(ctx, in.App)
	if err != nil {
		return BoundVolume{}, err
	}
	if err := a.Cluster.Uninstall(ctx, in.App); err != nil {
		return BoundVolume{}, err
	}
	return BoundVolume{volume}, operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		n, err := a.Cluster.Pods(ctx, in.App)
		return n == 0, podsLeft(n), err
	})
}

// AwaitAppResult holds the URL of a healthy app.
type AwaitAppResult struct{ URL string }

// AwaitApp waits until the app is healthy. It is a read.
func (a *Activities) AwaitApp(ctx context.Context, in AppRef) (AwaitAppResult, error) {
	entry, err := a.Catalog.App(in.App)
	if err != nil {
		return AwaitAppResult{}, err
	}
	return AwaitAppResult{entry.URL()}, operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		h, err := a.Cluster.Health(ctx, in.App)
		return h.Health == app.Healthy, i18n.Messagef("%s: %s", h.Health, h.Reason), err
	})
}

// SaveSettingsInput holds the new settings.
type SaveSettingsInput struct {
	App      string
	Settings app.Settings
	ETag     string
	TaskID   string
}

// SaveSettingsResult reports whether the settings must be applied to a running app.
type SaveSettingsResult struct{ Running bool }

// SaveSettings saves the settings, and the previous ones, in the cluster. It is idempotent by the task's label. If the
// settings have changed since the user read them, it returns a final conflict.
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

// RestoreSettings restores the settings that the task replaced, and applies them to the release. It is idempotent:
// settings of another task are kept.
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
