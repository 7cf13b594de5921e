package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/cinder"
	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/internal/operation"
)

// UninstallAppInput selects whether the data is deleted. The user confirmed DeleteVolume with the name of the app.
type UninstallAppInput struct {
	App          string `json:"app"`
	DeleteVolume bool   `json:"delete_volume,omitempty"`
}

// UninstallApp deletes the app's release and claim, and waits until its volume is detached. The volume is retained for the
// next launch unless DeleteVolume is set. A cancel stops the operation; deletions are not undone.
func UninstallApp(ctx workflow.Context, in UninstallAppInput) (err error) {
	var (
		k8s   *kubernetes.Activities
		block *cinder.Activities
	)
	run, err := operation.Begin(ctx, k8s.UninstallApp, block.AwaitDetached, k8s.UnbindVolume, block.DeleteAppVolumes)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	ref := kubernetes.AppRef{App: in.App}

	var volume kubernetes.BoundVolume
	if err := run.Wait(ctx, attachTimeout, k8s.UninstallApp, ref, &volume); err != nil {
		return err
	}
	if volume.VolumeID == "" {
		run.Skip(block.AwaitDetached)
	} else if err := run.Wait(ctx, attachTimeout, block.AwaitDetached, cinder.Ref{ID: volume.VolumeID}, nil); err != nil {
		return err
	}
	if err := run.Call(ctx, k8s.UnbindVolume, ref, nil); err != nil {
		return err
	}
	if !in.DeleteVolume {
		run.Skip(block.DeleteAppVolumes)
		if volume.VolumeID != "" {
			run.Result("retained_volume", volume.VolumeID)
		}
		return nil
	}
	return run.Wait(ctx, volumeTimeout, block.DeleteAppVolumes, cinder.DeleteAppVolumesInput{App: in.App}, nil)
}
