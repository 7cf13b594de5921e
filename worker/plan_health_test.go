package worker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"

	"mycloudmanager/activities/backups"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/operation/schedule"
	"mycloudmanager/workflows"
)

// countingChecks mocks CheckPlanHealth: each call increments the previous observation; the third call fails.
func countingChecks(t *testing.T) (env *testsuite.TestWorkflowEnvironment, made *int) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env, made = suite.NewTestWorkflowEnvironment(), new(int)
	env.SetWorkerOptions(sdkworker.Options{DeadlockDetectionTimeout: time.Minute})
	var a *backups.Activities
	env.RegisterActivity(a)
	env.OnActivity(a.CheckPlanHealth, mock.Anything, mock.Anything).Return(func(_ context.Context, in backups.CheckPlanHealthInput) (backups.CheckPlanHealthResult, error) {
		if *made++; *made == 3 {
			return backups.CheckPlanHealthResult{}, temporal.NewNonRetryableApplicationError("Temporal does not respond", "unavailable", errors.New("away"))
		}
		return backups.CheckPlanHealthResult{Observation: map[string]backup.PlanObservation{"0198": {Missed: in.Before["0198"].Missed + 1}}}, nil
	})
	return env, made
}

// One workflow performs the iterations of a day, each with the observations of the previous one.
func TestCheckPlanHealth_one_day(t *testing.T) {
	t.Parallel()
	env, made := countingChecks(t)
	began := env.Now()
	env.SetLastCompletionResult(map[string]backup.PlanObservation{"0198": {Missed: 1000}})
	env.ExecuteWorkflow(workflows.CheckPlanHealth, schedule.Initiator{Interval: 5 * time.Minute})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 288, *made)
	require.WithinDuration(t, began.Add(24*time.Hour-5*time.Minute), env.Now(), time.Minute)
	var observed map[string]backup.PlanObservation
	require.NoError(t, env.GetWorkflowResult(&observed))
	require.Equal(t, 1287, observed["0198"].Missed, "one iteration failed")
}

// When the schedule changes, the workflow is cancelled and returns its observations.
func TestCheckPlanHealth_cancelled(t *testing.T) {
	t.Parallel()
	env, _ := countingChecks(t)
	env.RegisterDelayedCallback(env.CancelWorkflow, 7*time.Minute)
	env.ExecuteWorkflow(workflows.CheckPlanHealth, schedule.Initiator{Interval: 5 * time.Minute})
	require.NoError(t, env.GetWorkflowError())
	var observed map[string]backup.PlanObservation
	require.NoError(t, env.GetWorkflowResult(&observed))
	require.Equal(t, 2, observed["0198"].Missed)
}
