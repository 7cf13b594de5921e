package worker_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/worker"
	"mycloudmanager/workflows"
)

// TestReplay replays the histories that `make record` recorded. A change that cannot replay them would break operations that
// are in progress when a new release starts.
func TestReplay(t *testing.T) {
	histories, err := filepath.Glob("../workflows/testdata/*.json")
	require.NoError(t, err)
	covered := map[string]bool{}
	for _, file := range histories {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		covered[name] = true
		t.Run(filepath.Base(file), func(t *testing.T) {
			replayer, err := sdkworker.NewWorkflowReplayerWithOptions(sdkworker.WorkflowReplayerOptions{
				Interceptors:     worker.Interceptors(worker.Dependencies{Recorder: &audit.Recorder{}, Converter: converter.GetDefaultDataConverter()}),
				FailureConverter: temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{EncodeCommonAttributes: true}),
			})
			require.NoError(t, err)
			workflows.Register(replayer)
			recorded, err := os.Open(file)
			require.NoError(t, err)
			defer recorded.Close()
			history, err := client.HistoryFromJSON(recorded, client.HistoryJSONOptions{})
			require.NoError(t, err)
			// The workflow's ID is a part of the IDs of its children.
			id := history.Events[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowId()
			require.NoError(t, replayer.ReplayWorkflowHistoryWithOptions(nil, history, sdkworker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: id}}))
		})
	}
	for _, op := range workflows.Operations() {
		require.True(t, covered[operation.ActivityName(op.Workflow)], "no recorded history of %s: make record", op.Name)
	}
}

// A real worker panics on two activities of one name, which the test environment accepts.
func TestNew_unique_names(t *testing.T) {
	c, err := client.NewLazyClient(client.Options{})
	require.NoError(t, err)
	defer c.Close()
	require.NotPanics(t, func() { worker.New(c, "names", worker.Dependencies{Recorder: &audit.Recorder{}}) })
	for _, op := range workflows.Operations() {
		require.NotEmpty(t, op.Title.Fr, op.Name)
	}
}
