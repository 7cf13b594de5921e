package backup_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"mycloudmanager/internal/backup"
)

// BenchmarkSchedules measures how late the runs of many plans start. The plans are due within four hours. The benchmark observes
// three minutes of them, and then one minute in which 100 additional plans are due at the same time, reported separately. The
// environment variable MCM_BENCH_PLANS sets the number of plans; the default is 10000.
func BenchmarkSchedules(b *testing.B) {
	if os.Getenv("MCM_BENCH_SLOW") == "" {
		b.Skip("MCM_BENCH_SLOW is not set: the benchmark takes ten minutes")
	}
	count, err := strconv.Atoi(cmp.Or(os.Getenv("MCM_BENCH_PLANS"), "10000"))
	require.NoError(b, err)
	const night, observed, burst = 4 * time.Hour, 3 * time.Minute, 100
	plans, server := newPlans(b)
	plans.TaskQueue = "plans"
	// The first plan is due when all plans have been created, by an estimate of 20 ms per plan.
	began := time.Now()
	first := began.Add(time.Duration(count)*20*time.Millisecond + time.Minute)
	burstDue := first.Add(observed + time.Minute)
	lags := make(chan lag, count)
	w := worker.New(server.Client, plans.TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ backup.Plan) error {
		at, _ := workflow.GetTypedSearchAttributes(ctx).GetTime(temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime"))
		name := "night"
		if at.Equal(burstDue.Truncate(time.Minute)) {
			name = "burst"
		}
		lags <- lag{name, workflow.GetInfo(ctx).WorkflowStartTime.Sub(at)}
		return nil
	}, workflow.RegisterOptions{Name: backup.WorkflowType})
	require.NoError(b, w.Start())
	defer w.Stop()

	toCreate := make(chan backup.Plan)
	var creators errgroup.Group
	for range 16 {
		creators.Go(func() error {
			for p := range toCreate {
				if _, err := plans.Create(b.Context(), p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for i := range count {
		due := first.Add(night * time.Duration(i) / time.Duration(count))
		toCreate <- dueAt(fmt.Sprintf("night-%d", i), due)
	}
	for i := range burst {
		toCreate <- dueAt(fmt.Sprintf("burst-%d", i), burstDue)
	}
	close(toCreate)
	require.NoError(b, creators.Wait())
	b.ReportMetric(time.Since(began).Seconds()/float64(count+burst)*1000, "create_ms")
	if late := time.Since(first); late > 0 {
		b.Logf("the last plan was created %s after the first was due", late)
	}
	report(b, lags, burstDue)
}

type lag struct {
	name string
	by   time.Duration
}

func dueAt(id string, due time.Time) backup.Plan {
	due = due.UTC()
	return backup.Plan{ID: id, Name: id, Instances: []string{"a"}, Method: backup.Snapshot, CatchUp: 3600,
		Schedule: backup.Schedule{Frequency: backup.Daily, Time: due.Format("15:04"), TimeZone: "UTC"}}
}

// report waits until the burst has started, and reports the number and the delays of the runs of each kind.
func report(b *testing.B, lags <-chan lag, burstDue time.Time) {
	delays := map[string][]time.Duration{}
	end := time.After(time.Until(burstDue.Truncate(time.Minute).Add(time.Minute)))
	for done := false; !done; {
		select {
		case l := <-lags:
			delays[l.name] = append(delays[l.name], l.by)
		case <-end:
			done = true
		}
	}
	for name, all := range delays {
		slices.Sort(all)
		b.ReportMetric(float64(len(all)), name+"_runs")
		b.ReportMetric(all[len(all)*99/100].Seconds(), name+"_p99_s")
		b.ReportMetric(all[len(all)/2].Seconds(), name+"_p50_s")
	}
	b.ReportMetric(0, "ns/op")
}
