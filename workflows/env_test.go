package workflows_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"mycloudmanager/internal/operation"
	"mycloudmanager/workflows"
)

// fakes are the activities of a test by name, each with its result: a value, an error, or a func(input any) (any, error). An
// activity that is not among them fails the test.
type fakes map[string]any

// result is the outcome of a workflow in a test.
type result struct {
	operation.Progress
	Err   error
	Calls []string       // names of the activities in the order of their first attempts
	In    map[string]any // last input of each activity, as decoded JSON
}

// execute runs an operation in the time-skipping test environment. It needs neither a Temporal server nor the built
// product.
func execute(t *testing.T, workflow, input any, activities fakes) result {
	t.Helper()
	out, env := executePart(t, workflow, input, activities)
	progress, err := env.QueryWorkflow(operation.ProgressQuery)
	require.NoError(t, err)
	require.NoError(t, progress.Get(&out.Progress))
	return out
}

// executePart runs a workflow that is not an operation, and has no progress. Child workflows run too.
func executePart(t *testing.T, workflow, input any, activities fakes) (result, *testsuite.TestWorkflowEnvironment) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine may stop a workflow for seconds
	out := result{In: map[string]any{}}
	var mu sync.Mutex // activities of one step run at the same time
	for name, value := range activities {
		env.RegisterActivityWithOptions(func(ctx context.Context, in any) (any, error) {
			mu.Lock()
			defer mu.Unlock()
			if activity.GetInfo(ctx).Attempt == 1 {
				out.Calls = append(out.Calls, name)
			}
			out.In[name] = in
			switch v := value.(type) {
			case func(any) (any, error):
				return v(in)
			case error:
				return nil, v
			}
			return value, nil
		}, activity.RegisterOptions{Name: name})
	}
	for _, child := range []any{workflows.BackupInstance, workflows.SafetySnapshot, workflows.RunBackup, workflows.PruneBackups, workflows.VerifyBackup, workflows.RunAgents, workflows.SendNotification} {
		env.RegisterWorkflow(child)
	}
	env.ExecuteWorkflow(workflow, input)
	require.True(t, env.IsWorkflowCompleted())
	out.Err = env.GetWorkflowError()
	return out, env
}

// steps returns the names of the steps with a status.
func (r result) steps(status operation.Status) []string {
	var names []string
	for _, s := range r.Steps {
		if s.Status == status && !s.Undo {
			names = append(names, s.Name)
		}
	}
	return names
}

// compensations returns the names of the compensations in the order in which they ran.
func (r result) compensations() []string {
	var names []string
	for _, s := range r.Steps {
		if s.Undo {
			names = append(names, s.Name)
		}
	}
	return names
}

func requireSucceeded(t *testing.T, r result, calls ...string) {
	t.Helper()
	require.NoError(t, r.Err)
	require.Equal(t, operation.Succeeded, r.Status)
	require.Equal(t, calls, r.Calls)
	require.Subset(t, slices.Concat(r.steps(operation.Succeeded), r.steps(operation.Skipped)), calls)
}
