package schedule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/operation/schedule"
	"mycloudmanager/internal/operation/temporal/temporaltest"
)

// A changed interval takes effect immediately: the run with the old interval is cancelled. The run of a disabled check is
// cancelled too.
func TestReconcile_IntervalChanges(t *testing.T) {
	server := temporaltest.Start(t)
	began, ended := make(chan time.Duration, 10), make(chan time.Duration, 10)
	w := worker.New(server.Client, "checks", worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, initiator schedule.Initiator) error {
		began <- initiator.Interval
		_ = workflow.Sleep(ctx, time.Hour)
		ended <- initiator.Interval
		return nil
	}, workflow.RegisterOptions{Name: "CheckAll"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	next := func(events <-chan time.Duration) time.Duration {
		select {
		case interval := <-events:
			return interval
		case <-time.After(30 * time.Second):
			t.Fatal("no workflow has started or ended")
			return 0
		}
	}
	reconcile := func(r schedule.Schedule) {
		r.Name, r.Workflow = "all", "CheckAll"
		require.NoError(t, schedule.Reconcile(t.Context(), server.Client, "checks", schedule.Initiator{}, []schedule.Schedule{r}))
	}
	handle := server.Client.ScheduleClient().GetHandle(t.Context(), "check:all")
	running := func() bool {
		d, err := handle.Describe(t.Context())
		require.NoError(t, err)
		return len(d.Info.RunningWorkflows) == 1
	}

	reconcile(schedule.Schedule{Interval: time.Second})
	require.Equal(t, time.Second, next(began))
	require.Eventually(t, running, 10*time.Second, 50*time.Millisecond)
	reconcile(schedule.Schedule{Interval: time.Second})
	select {
	case <-ended:
		t.Fatal("the run was cancelled although the interval is the same")
	case <-time.After(500 * time.Millisecond):
	}
	// Wait until just before the next due time: the schedule could start another run with the old interval as soon as the
	// running one has ended.
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second - 15*time.Millisecond)))
	reconcile(schedule.Schedule{Interval: 2 * time.Second})
	require.Equal(t, time.Second, next(ended))
	require.Equal(t, 2*time.Second, next(began))
	require.Eventually(t, running, 10*time.Second, 50*time.Millisecond)
	reconcile(schedule.Schedule{Cron: schedule.Disabled})
	require.Equal(t, 2*time.Second, next(ended))
	_, err := handle.Describe(t.Context())
	require.Error(t, err, "the schedule is deleted")
	reconcile(schedule.Schedule{Cron: schedule.Disabled})
}

func TestInitiator_IterationsAndDelay(t *testing.T) {
	for interval, want := range map[time.Duration]int{0: 1, 24 * time.Hour: 1, time.Hour: 24, 5 * time.Minute: 288, 30 * time.Second: 288} {
		require.Equal(t, want, schedule.Initiator{Interval: interval}.Iterations(), interval)
	}
	initiator := schedule.Initiator{Interval: 30 * time.Second}
	require.Equal(t, 28*time.Second, initiator.Delay(2*time.Second))
	require.Equal(t, 80*time.Second, initiator.Delay(20*time.Second))
}
