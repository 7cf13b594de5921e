package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/internal/app"
	"mycloudmanager/internal/operation"
)

// ConfigureAppInput holds the new settings; the codec encrypts secrets in it.
type ConfigureAppInput struct {
	App      string       `json:"app"`
	Settings app.Settings `json:"settings"`
	ETag     string       `json:"etag"` // of the settings that the user edited
}

// ConfigureApp saves the new settings. If the app is installed, it applies them and waits until the app is healthy. After
// a permanent failure or a cancel, the previous settings are restored.
func ConfigureApp(ctx workflow.Context, in ConfigureAppInput) (err error) {
	var k8s *kubernetes.Activities
	run, err := operation.Begin(ctx, k8s.SaveSettings, k8s.InstallApp, k8s.AwaitApp)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	task := operation.TaskID(ctx)

	run.Compensate(k8s.RestoreSettings, kubernetes.AppRef{App: in.App, TaskID: task})
	var saved kubernetes.SaveSettingsResult
	if err := run.Call(ctx, k8s.SaveSettings, kubernetes.SaveSettingsInput{App: in.App, Settings: in.Settings, ETag: in.ETag, TaskID: task}, &saved); err != nil {
		return err
	}
	if !saved.Running {
		run.Skip(k8s.InstallApp, k8s.AwaitApp)
		return nil
	}
	if err := run.Call(ctx, k8s.InstallApp, kubernetes.InstallAppInput{App: in.App, TaskID: task}, nil); err != nil {
		return err
	}
	return run.Wait(ctx, healthTimeout, k8s.AwaitApp, kubernetes.AppRef{App: in.App}, nil)
}
