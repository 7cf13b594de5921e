package worker_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/worker"
)

func noOp(context.Context) error { return nil }

// steps is the number of activities of the benchmarked operation, the same as in LaunchApp.
const steps = 7

func bare(ctx workflow.Context) error {
	for range steps {
		if err := workflow.ExecuteActivity(operation.ShortRequest(ctx), noOp).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func operated(ctx workflow.Context) (err error) {
	run, err := operation.Begin(ctx, noOp)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	for range steps {
		if err := run.Call(ctx, noOp, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkOverhead measures the cost of progress, audit, encrypted payloads and heartbeats of an operation, compared with a
// bare workflow with the same number of no-op activities. Both run in turns on one server.
func BenchmarkOverhead(b *testing.B) {
	server := temporaltest.Start(b)
	store, err := audit.Open(b.Context(), filepath.Join(b.TempDir(), "audit.db"), make([]byte, 32))
	require.NoError(b, err)
	b.Cleanup(func() { _ = store.Close() })
	parts := worker.Dependencies{Recorder: &audit.Recorder{Store: store}, Converter: server.Ring.Converter()}
	for queue, options := range map[string]sdkworker.Options{"bare": {}, "operated": {Interceptors: worker.Interceptors(parts)}} {
		w := sdkworker.New(server.Client, queue, options)
		w.RegisterWorkflow(bare)
		w.RegisterWorkflow(operated)
		w.RegisterActivityWithOptions(noOp, activity.RegisterOptions{Name: "noOp"})
		if queue == "operated" {
			w.RegisterActivity(parts.Recorder)
		}
		require.NoError(b, w.Start())
		b.Cleanup(w.Stop)
	}
	request := operation.Request{Operation: "app.launch", Targets: []operation.Target{{Kind: "app", ID: "ntp", Name: "NTP"}}, Actor: operation.Actor{ID: "demo", Name: "demo"}, Via: "api"}
	one := func(queue string, n int, w any) time.Duration {
		began := time.Now()
		run, err := server.Client.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{ID: fmt.Sprintf("%s-%d", queue, n), TaskQueue: queue, Memo: map[string]any{operation.RequestMemo: request}}, w)
		require.NoError(b, err)
		require.NoError(b, run.Get(b.Context(), nil))
		return time.Since(began)
	}
	turn := 0
	for b.Loop() {
		var without, with []time.Duration
		for range 60 {
			turn++
			without = append(without, one("bare", turn, bare))
			with = append(with, one("operated", turn, operated))
		}
		slices.Sort(without)
		slices.Sort(with)
		b.ReportMetric(float64(without[30].Microseconds())/1000, "bare_p50_ms")
		b.ReportMetric(float64(with[30].Microseconds())/1000, "operation_p50_ms")
		b.ReportMetric(float64(with[30])/float64(without[30]), "ratio")
	}
}
