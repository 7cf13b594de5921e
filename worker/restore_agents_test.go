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

// After a restore, agents on the restored disk are installed. Agents that were installed after the snapshot have drifted, and
// the task states what to do.
func TestRestoreInstance_agents(t *testing.T) {
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
		progress, err := h.progress(t, workflows.RestoreInstance, b)
		require.NoError(t, err)
		raw, err := json.Marshal(progress.Result["hosts"])
		require.NoError(t, err)
		var outcomes workflows.Outcomes
		require.NoError(t, json.Unmarshal(raw, &outcomes))
		return progress, outcomes[b.Instance]["ntp"]
	}

	progress, said := restore(workflows.RestoreInstanceInput{Backup: h.backup, Instance: in.ID})
	require.Equal(t, operation.Succeeded, progress.Status)
	require.Equal(t, string(instance.Installed), said.Status)
	require.Contains(t, said.Detail.String(), "ok=")

	progress, said = restore(workflows.RestoreInstanceInput{Backup: early, Instance: in.ID})
	require.Equal(t, operation.PartiallyFailed, progress.Status)
	require.Equal(t, string(instance.Drifted), said.Status)
	require.Contains(t, said.Detail.String(), "ok=")
	require.Contains(t, progress.Message.String(), "the disk is restored, but 1 of 1 agents are not as they were installed: ntp (drifted)")
	require.Contains(t, progress.Message.String(), "install them again")
	require.Contains(t, h.details(t, "web-2")[0].Metadata["mcm:agent:ntp"], "drifted")
	h.run(t, workflows.RunAgents, agents)
	require.Contains(t, h.details(t, "web-2")[0].Metadata["mcm:agent:ntp"], "installed")

	// A failed check of the agents does not fail the restore either.
	h.cloud.Control(t, http.MethodPost, "/faults", `{"service":"nova","method":"POST","path_regex":"/metadata$","kind":"status","status":400,"count":1}`)
	progress, said = restore(workflows.RestoreInstanceInput{Backup: h.backup, Instance: in.ID})
	require.Equal(t, operation.PartiallyFailed, progress.Status)
	require.True(t, said.Failed())
	require.NotEmpty(t, said.Reason.String())
	h.requireRunning(t, "web-2")
}
