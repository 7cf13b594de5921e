package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/workflows"
)

func TestStopApp(t *testing.T) {
	activities := fakes{"StopApp": kubernetes.BoundVolume{VolumeID: "v1"}, "AwaitDetached": nil, "InstallApp": nil}
	requireSucceeded(t, execute(t, workflows.StopApp, workflows.StopAppInput{App: "ntp"}, activities), "StopApp", "AwaitDetached")

	activities["AwaitDetached"] = fault.Final(fault.New(fault.Invalid, nil, "the volume is in an error state"))
	r := execute(t, workflows.StopApp, workflows.StopAppInput{App: "ntp"}, activities)
	require.Equal(t, operation.Failed, r.Status)
	require.Equal(t, []string{"InstallApp"}, r.compensations(), "the app runs again")
}

func TestUninstallApp(t *testing.T) {
	activities := fakes{"UninstallApp": kubernetes.BoundVolume{VolumeID: "v1"}, "AwaitDetached": nil, "UnbindVolume": nil, "DeleteAppVolumes": nil}
	r := execute(t, workflows.UninstallApp, workflows.UninstallAppInput{App: "ntp"}, activities)
	requireSucceeded(t, r, "UninstallApp", "AwaitDetached", "UnbindVolume")
	require.Equal(t, map[string]any{"retained_volume": "v1"}, r.Result)
	require.Equal(t, []string{"DeleteAppVolumes"}, r.steps(operation.Skipped))

	r = execute(t, workflows.UninstallApp, workflows.UninstallAppInput{App: "ntp", DeleteVolume: true}, activities)
	requireSucceeded(t, r, "UninstallApp", "AwaitDetached", "UnbindVolume", "DeleteAppVolumes")

	activities["UninstallApp"] = kubernetes.BoundVolume{}
	r = execute(t, workflows.UninstallApp, workflows.UninstallAppInput{App: "ntp"}, activities)
	requireSucceeded(t, r, "UninstallApp", "UnbindVolume")
	require.Empty(t, r.Result, "an app without a volume retains none")
}

func TestConfigureApp(t *testing.T) {
	activities := fakes{"SaveSettings": kubernetes.SaveSettingsResult{Running: true}, "InstallApp": nil, "AwaitApp": nil, "RestoreSettings": nil}
	r := execute(t, workflows.ConfigureApp, workflows.ConfigureAppInput{App: "ntp", ETag: "e"}, activities)
	requireSucceeded(t, r, "SaveSettings", "InstallApp", "AwaitApp")
	require.Equal(t, "e", r.In["SaveSettings"].(map[string]any)["ETag"])

	activities["AwaitApp"] = fault.Final(fault.New(fault.Invalid, nil, "CrashLoopBackOff"))
	r = execute(t, workflows.ConfigureApp, workflows.ConfigureAppInput{App: "ntp"}, activities)
	require.Equal(t, operation.Failed, r.Status)
	require.Equal(t, []string{"RestoreSettings"}, r.compensations())

	activities["SaveSettings"] = kubernetes.SaveSettingsResult{}
	r = execute(t, workflows.ConfigureApp, workflows.ConfigureAppInput{App: "ntp"}, activities)
	requireSucceeded(t, r, "SaveSettings")
	require.Equal(t, []string{"InstallApp", "AwaitApp"}, r.steps(operation.Skipped), "a stopped app gets its settings at the next launch")
}
