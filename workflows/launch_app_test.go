package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/cinder"
	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/workflows"
)

func launchActivities(plan kubernetes.LaunchPlan) fakes {
	return fakes{"PreflightApp": plan, "CreateVolume": cinder.Volume{ID: "v1", SizeGB: 10}, "AwaitVolume": nil, "BindVolume": nil, "InstallApp": nil,
		"AwaitAttached": nil, "AwaitApp": kubernetes.AwaitAppResult{URL: "http://ntp"},
		"DeleteVolume": nil, "UnbindVolume": nil, "UninstallApp": nil, "StopApp": nil}
}

func TestLaunchApp_success(t *testing.T) {
	r := execute(t, workflows.LaunchApp, workflows.LaunchAppInput{App: "ntp"}, launchActivities(kubernetes.LaunchPlan{VolumeSizeGB: 10}))
	requireSucceeded(t, r, "PreflightApp", "CreateVolume", "AwaitVolume", "BindVolume", "InstallApp", "AwaitAttached", "AwaitApp")
	require.Equal(t, map[string]any{"volume": "v1", "url": "http://ntp"}, r.Result)
}

// A failed launch removes what it has created, and keeps what existed before.
func TestLaunchApp_failure(t *testing.T) {
	for name, c := range map[string]struct {
		plan kubernetes.LaunchPlan
		want []string
	}{
		"first launch":  {kubernetes.LaunchPlan{}, []string{"UninstallApp", "UnbindVolume", "DeleteVolume"}},
		"a stopped app": {kubernetes.LaunchPlan{Installed: true}, []string{"StopApp", "DeleteVolume"}},
		"a running app": {kubernetes.LaunchPlan{Installed: true, Running: true}, []string{"DeleteVolume"}},
	} {
		t.Run(name, func(t *testing.T) {
			activities := launchActivities(c.plan)
			activities["AwaitApp"] = fault.Final(fault.New(fault.Invalid, nil, "ImagePullBackOff"))
			r := execute(t, workflows.LaunchApp, workflows.LaunchAppInput{App: "ntp"}, activities)
			require.Equal(t, fault.Invalid, fault.KindOf(r.Err))
			require.Equal(t, operation.Failed, r.Status)
			require.Equal(t, c.want, r.compensations())
		})
	}
}
