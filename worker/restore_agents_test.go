package worker_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/operation"
	"mycloudmanager/workflows"
)

// After a restore each agent is looked at: one that is on the disk is healthy, one that was installed after the
// snapshot is not, and the task says what to do.
func TestAgentsAreLookedAtAfterARestore(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	h.run(t, workflows.DeployStack, small(h))
	h.run(t, workflows.LaunchApp, workflows.LaunchAppInput{App: "ntp"})
	in := h.enrollment(t, "web-2")
	h.run(t, workflows.EnrollInstance, in)
	h.snapshot(t, "web-2")
	early := h.backup
	agents := workflows.AgentsInput{Action: workflows.InstallAgents, Apps: []string{"ntp"}, Instances: []string{in.ID}, Locked: true}
	h.run(t, workflows.RunAgents, agents)
	h.snapshot(t, "web-2")
	restore := func(b workflows.RestoreInstanceInput) (operation.Progress, workflows.Outcome) {
		told, err := h.progress(t, workflows.RestoreInstance, b)
		require.NoError(t, err)
		raw, err := json.Marshal(told.Result["hosts"])
		require.NoError(t, err)
		var outcomes workflows.Outcomes
		require.NoError(t, json.Unmarshal(raw, &outcomes))
		return told, outcomes[b.Instance]["ntp"]
	}

	told, said := restore(workflows.RestoreInstanceInput{Backup: h.backup, Instance: in.ID})
	require.Equal(t, operation.Succeeded, told.Status)
	require.Equal(t, string(instance.Installed), said.Status)
	require.Contains(t, said.Detail, "ok=")

	told, said = restore(workflows.RestoreInstanceInput{Backup: early, Instance: in.ID})
	require.Equal(t, operation.PartiallyFailed, told.Status)
	require.Equal(t, string(instance.Drifted), said.Status)
	require.Contains(t, said.Detail, "ok=")
	require.Contains(t, told.Message, "the disk is restored, but 1 of 1 agents are not as they were installed: ntp (drifted)")
	require.Contains(t, told.Message, "install them again")
	require.Contains(t, h.details(t, "web-2")[0].Metadata["mcm:agent:ntp"], "drifted")
	h.run(t, workflows.RunAgents, agents)
	require.Contains(t, h.details(t, "web-2")[0].Metadata["mcm:agent:ntp"], "installed")

	// What keeps the agents from being looked at is no failure of the restore either.
	h.cloud.Control(t, http.MethodPost, "/faults", `{"service":"nova","method":"POST","path_regex":"/metadata$","kind":"status","status":400,"count":1}`)
	told, said = restore(workflows.RestoreInstanceInput{Backup: h.backup, Instance: in.ID})
	require.Equal(t, operation.PartiallyFailed, told.Status)
	require.True(t, said.Failed())
	require.NotEmpty(t, said.Reason)
	h.allRun(t, "web-2")
}
