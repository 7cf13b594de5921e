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

// BenchmarkSchedules has as many plans as a large company, due over the four hours of a night, and measures how late their runs
// start: three minutes of that night, and then one at which a hundred more are due at once, counted apart.
//
//	MCM_BENCH_PLANS=10000
func BenchmarkSchedules(b *testing.B) {
	if os.Getenv("MCM_BENCH_SLOW") == "" {
		b.Skip("MCM_BENCH_SLOW is not set: it takes ten minutes")
	}
	count, err := strconv.Atoi(cmp.Or(os.Getenv("MCM_BENCH_PLANS"), "10000"))
	require.NoError(b, err)
	const night, watched, burst = 4 * time.Hour, 3 * time.Minute, 100
	plans, server := newPlans(b)
	plans.TaskQueue = "plans"
	// The night begins when the last plan is made, as far as can be told.
	began := time.Now()
	first := began.Add(time.Duration(count)*20*time.Millisecond + time.Minute)
	together := first.Add(watched + time.Minute)
	lags := make(chan lag, count)
	w := worker.New(server.Client, plans.TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ backup.Plan) error {
		at, _ := workflow.GetTypedSearchAttributes(ctx).GetTime(temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime"))
		name := "night"
		if at.Equal(together.Truncate(time.Minute)) {
			name = "burst"
		}
		lags <- lag{name, workflow.GetInfo(ctx).WorkflowStartTime.Sub(at)}
		return nil
	}, workflow.RegisterOptions{Name: backup.WorkflowType})
	require.NoError(b, w.Start())
	defer w.Stop()

	made := make(chan backup.Plan)
	var makers errgroup.Group
	for range 16 {
		makers.Go(func() error {
			for p := range made {
				if _, err := plans.Create(b.Context(), p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for i := range count {
		due := first.Add(night * time.Duration(i) / time.Duration(count))
		made <- dueAt(fmt.Sprintf("night-%d", i), due)
	}
	for i := range burst {
		made <- dueAt(fmt.Sprintf("burst-%d", i), together)
	}
	close(made)
	require.NoError(b, makers.Wait())
	b.ReportMetric(time.Since(began).Seconds()/float64(count+burst)*1000, "create_ms")
	if late := time.Since(first); late > 0 {
		b.Logf("the last plan was made %s after the first was due", late)
	}
	report(b, lags, together)
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

// report waits until what is due together has started, and tells how late each kind was.
func report(b *testing.B, lags <-chan lag, together time.Time) {
	seen := map[string][]time.Duration{}
	end := time.After(time.Until(together.Truncate(time.Minute).Add(time.Minute)))
	for done := false; !done; {
		select {
		case l := <-lags:
			seen[l.name] = append(seen[l.name], l.by)
		case <-end:
			done = true
		}
	}
	for name, all := range seen {
		slices.Sort(all)
		b.ReportMetric(float64(len(all)), name+"_runs")
		b.ReportMetric(all[len(all)*99/100].Seconds(), name+"_p99_s")
		b.ReportMetric(all[len(all)/2].Seconds(), name+"_p50_s")
	}
	b.ReportMetric(0, "ns/op")
}
