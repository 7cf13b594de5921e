package e2e_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/operation/temporal"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/internal/platform/encryption"
	"mycloudmanager/internal/platform/supervisor"
	"mycloudmanager/worker"
	"mycloudmanager/workflows"
)

// replayOf opens the Temporal of a stopped product and replays its workflows.
func replayOf(t *testing.T, p *product, tasks int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := supervisor.StartTemporal(ctx, supervisor.TemporalOptions{Executable: temporaltest.Executable(t), DataDir: p.dir + "/data/temporal", Namespace: "mcm", PublicPath: "/temporal"})
	require.NoError(t, err)
	defer server.Stop()
	replay(t, server, p.dir+"/data/keys", tasks)
}

// replay replays every history of the server with the worker's own registration.
func replay(t *testing.T, server *supervisor.Temporal, keys string, tasks int) {
	t.Helper()
	c := connect(t, server, keys)
	ring, err := encryption.OpenKeyring(keys)
	require.NoError(t, err)
	replayer, err := sdkworker.NewWorkflowReplayerWithOptions(sdkworker.WorkflowReplayerOptions{
		DataConverter: ring.Converter(), Interceptors: worker.Interceptors(worker.Dependencies{Recorder: &audit.Recorder{}, Converter: ring.Converter()}),
		FailureConverter: sdktemporal.NewDefaultFailureConverter(sdktemporal.DefaultFailureConverterOptions{DataConverter: ring.Converter(), EncodeCommonAttributes: true}),
	})
	require.NoError(t, err)
	workflows.Register(replayer)
	runs := runsOf(t, c, tasks)
	for _, run := range runs {
		id := run.Execution.WorkflowId // it is part of the ids of its children
		require.NoError(t, replayer.ReplayWorkflowHistoryWithOptions(nil, historyOf(t, c, run), sdkworker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: id}}), id)
	}
	require.Len(t, runs, tasks, "a task is one run")
	t.Logf("%d histories replayed", len(runs))
}

// connect returns a client of the server with the product's key ring.
func connect(t *testing.T, server *supervisor.Temporal, keys string) client.Client {
	t.Helper()
	ring, err := encryption.OpenKeyring(keys)
	require.NoError(t, err)
	c, err := temporal.Connect(t.Context(), temporal.Config{Address: server.Frontend, TLS: server.TLS, Namespace: "mcm", Retention: 365 * 24 * time.Hour}, ring, time.Minute)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// runsOf lists every run of an operation; visibility may lag behind.
func runsOf(t *testing.T, c client.Client, wanted int) []*workflowpb.WorkflowExecutionInfo {
	t.Helper()
	var runs []*workflowpb.WorkflowExecutionInfo
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		response, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: "mcm", PageSize: 1000, Query: operation.OperationKey + " IS NOT NULL"})
		require.NoError(t, err)
		if runs = response.Executions; len(runs) >= wanted || time.Now().After(deadline) {
			return runs
		}
	}
}

func historyOf(t *testing.T, c client.Client, run *workflowpb.WorkflowExecutionInfo) *historypb.History {
	t.Helper()
	history := &historypb.History{}
	for events := c.GetWorkflowHistory(t.Context(), run.Execution.WorkflowId, run.Execution.RunId, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		require.NoError(t, err)
		history.Events = append(history.Events, e)
	}
	return history
}
