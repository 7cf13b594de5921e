// Package catchup_test runs Temporal's own scheduler with simulated time after an outage of hours or days, with
// the schedules of backup plans. TestSchedulesForTheScheduler in internal/backup generates them.
package catchup_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	schedulepb "go.temporal.io/api/schedule/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	schedulespb "go.temporal.io/server/api/schedule/v1"
	"go.temporal.io/server/service/worker/scheduler"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// up is the time of the restart: a Wednesday, 12:10 in Paris.
var up = time.Date(2026, 3, 11, 11, 10, 0, 0, time.UTC)

// outage is a schedule whose manager and Temporal were down.
type outage struct {
	schedule string
	down     time.Duration
	starts   []string // the missed due times that must be run
	missed   int64    // outside the catch-up window
	overlap  int64    // inside the window, but the previous run was still running
}

var outages = []outage{
	{schedule: "hourly, no catch-up", down: time.Hour, missed: 1},
	{schedule: "hourly, catch-up 1 h", down: time.Hour, starts: []string{"11:00"}},
	{schedule: "hourly, catch-up 1 h", down: 3 * time.Hour, starts: []string{"11:00"}, missed: 2},
	{schedule: "hourly, catch-up 1 h", down: 72 * time.Hour, starts: []string{"11:00"}, missed: 71},
	{schedule: "daily, no catch-up", down: time.Hour},
	{schedule: "daily, no catch-up", down: 72 * time.Hour, missed: 3},
	{schedule: "daily, catch-up 12 h", down: 72 * time.Hour, starts: []string{"01:30"}, missed: 2},
	{schedule: "daily, catch-up 4 days", down: 72 * time.Hour, starts: []string{"01:30"}, overlap: 2},
	{schedule: "weekly, catch-up 4 days", down: 72 * time.Hour, starts: []string{"01:30"}},
	{schedule: "weekly, no catch-up", down: 72 * time.Hour, missed: 1},
}

// TestWhatWasDueRunsAsTheCatchUpWindowSays: due times during an outage run once, within the catch-up window.
func TestWhatWasDueRunsAsTheCatchUpWindowSays(t *testing.T) {
	raw, err := os.ReadFile("../../internal/backup/testdata/schedules.json")
	require.NoError(t, err)
	var schedules map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(raw, &schedules))
	tested := map[string]bool{}
	for _, o := range outages {
		tested[o.schedule] = true
		t.Run(fmt.Sprintf("%s, down %s", o.schedule, o.down), func(t *testing.T) {
			var s schedulepb.Schedule
			require.NoError(t, protojson.Unmarshal(schedules[o.schedule], &s))
			o.wake(t, &s)
		})
	}
	require.Len(t, tested, len(schedules), "a schedule without an outage")
}

// wake resumes the scheduler after the outage and runs it until it has started all overdue runs.
func (o outage) wake(t *testing.T, s *schedulepb.Schedule) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(up)
	var starts []string
	env.RegisterActivityWithOptions(func(_ context.Context, in *schedulespb.StartWorkflowRequest) (*schedulespb.StartWorkflowResponse, error) {
		id := in.GetRequest().GetWorkflowId()
		wanted, err := time.Parse(time.RFC3339, id[len(id)-len(time.RFC3339)+5:])
		require.NoError(t, err, id)
		starts = append(starts, wanted.UTC().Format("15:04"))
		return &schedulespb.StartWorkflowResponse{RunId: "run", RealStartTime: timestamppb.New(env.Now())}, nil
	}, activity.RegisterOptions{Name: "StartWorkflow"})
	env.RegisterActivityWithOptions(func(context.Context, *schedulespb.WatchWorkflowRequest) (*schedulespb.WatchWorkflowResponse, error) {
		return &schedulespb.WatchWorkflowResponse{Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING}, nil
	}, activity.RegisterOptions{Name: "WatchWorkflow"})
	scheduler.CurrentTweakablePolicies.IterationsBeforeContinueAsNew = 1
	args := &schedulespb.StartScheduleArgs{Schedule: s, Info: &schedulepb.ScheduleInfo{}, State: &schedulespb.InternalState{
		Namespace: "mcm", NamespaceId: "mcm", ScheduleId: "plan:1", ConflictToken: scheduler.InitialConflictToken, LastProcessedTime: timestamppb.New(up.Add(-o.down))}}
	env.ExecuteWorkflow(scheduler.SchedulerWorkflow, args)
	require.True(t, env.IsWorkflowCompleted())

	encoded, err := env.QueryWorkflow(scheduler.QueryNameDescribe)
	require.NoError(t, err)
	var now schedulespb.DescribeResponse
	require.NoError(t, encoded.Get(&now))
	require.Equal(t, o.starts, starts)
	require.Equal(t, o.missed, now.GetInfo().GetMissedCatchupWindow(), "missed")
	require.Equal(t, o.overlap, now.GetInfo().GetOverlapSkipped(), "overlapped")
}
