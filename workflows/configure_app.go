package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/cluster"
	"mycloudmanager/internal/apps"
	"mycloudmanager/internal/flow"
)

// ConfigureAppInput holds the new settings; secrets in it are sealed by the codec.
type ConfigureAppInput struct {
	App      string        `json:"app"`
	Settings apps.Settings `json:"settings"`
	ETag     string        `json:"etag"` // of the settings that the user saw
}

// ConfigureApp keeps the new settings and, when the app is installed, applies them and waits until
// it is healthy with them. If that fails for good or the user cancels, the settings before come back.
func ConfigureApp(ctx workflow.Context, in ConfigureAppInput) (err error) {
	var kubernetes *cluster.Activities
	run, err := flow.Begin(ctx, kubernetes.SaveSettings, kubernetes.InstallApp, kubernetes.AwaitApp)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	operation := flow.TaskID(ctx)

	run.Undo(kubernetes.RestoreSettings, cluster.AppRef{App: in.App, Operation: operation})
	var saved cluster.Saved
	if err := run.Call(ctx, kubernetes.SaveSettings, cluster.SaveInput{App: in.App, Settings: in.Settings, ETag: in.ETag, Operation: operation}, &saved); err != nil {
		return err
	}
	if !saved.Running {
		run.Skip(kubernetes.InstallApp, kubernetes.AwaitApp)
		return nil
	}
	if err := run.Call(ctx, kubernetes.InstallApp, cluster.InstallInput{App: in.App, Operation: operation}, nil); err != nil {
		return err
	}
	return run.Wait(ctx, healthPatience, kubernetes.AwaitApp, cluster.AppRef{App: in.App}, nil)
}
