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

	"mycloudmanager/activities/backups"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/operation/schedule"
	"mycloudmanager/workflows"
)

// looks has each round of CheckPlanHealth count what it got from the one before; the third cannot look.
func looks(t *testing.T) (env *testsuite.TestWorkflowEnvironment, made *int) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env, made = suite.NewTestWorkflowEnvironment(), new(int)
	var a *backups.Activities
	env.RegisterActivity(a)
	env.OnActivity(a.CheckPlanHealth, mock.Anything, mock.Anything).Return(func(_ context.Context, in backups.CheckPlanHealthInput) (backups.CheckPlanHealthResult, error) {
		if *made++; *made == 3 {
			return backups.CheckPlanHealthResult{}, temporal.NewNonRetryableApplicationError("Temporal does not answer", "unavailable", errors.New("away"))
		}
		return backups.CheckPlanHealthResult{Observation: map[string]backup.PlanObservation{"0198": {Missed: in.Before["0198"].Missed + 1}}}, nil
	})
	return env, made
}

// One workflow makes a day's rounds, each of which knows what the one before has seen.
func TestADaysRounds(t *testing.T) {
	t.Parallel()
	env, made := looks(t)
	began := env.Now()
	env.SetLastCompletionResult(map[string]backup.PlanObservation{"0198": {Missed: 1000}})
	env.ExecuteWorkflow(workflows.CheckPlanHealth, schedule.Initiator{Interval: 5 * time.Minute})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 288, *made)
	require.WithinDuration(t, began.Add(24*time.Hour-5*time.Minute), env.Now(), time.Minute)
	var seen map[string]backup.PlanObservation
	require.NoError(t, env.GetWorkflowResult(&seen))
	require.Equal(t, 1287, seen["0198"].Missed, "one round in the middle could not look")
}

// When rounds are to be made at other times, the workflow that makes them ends, and what it has seen goes on.
func TestRoundsEndEarly(t *testing.T) {
	t.Parallel()
	env, _ := looks(t)
	env.RegisterDelayedCallback(env.CancelWorkflow, 7*time.Minute)
	env.ExecuteWorkflow(workflows.CheckPlanHealth, schedule.Initiator{Interval: 5 * time.Minute})
	require.NoError(t, env.GetWorkflowError())
	var seen map[string]backup.PlanObservation
	require.NoError(t, env.GetWorkflowResult(&seen))
	require.Equal(t, 2, seen["0198"].Missed)
}
