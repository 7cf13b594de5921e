package task_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/internal/platform/i18n"
)

// testInput is the input of a test task.
type testInput struct {
	Do    string // "", fail, write, wait or work: the behaviour of RunTest
	Token string
}

func (e *testInput) SetUserToken(token string) { e.Token = token }

// testActivities are the activities of test tasks. MakeThing fails with a quota error until raised is set.
type testActivities struct {
	raised atomic.Bool
	undone atomic.Int32
	token  atomic.Value
	log    *tasklog.Log
}

// WriteThing writes log lines. Its first attempt fails.
func (h *testActivities) WriteThing(ctx context.Context, _ testInput) error {
	log := h.log.Open(ctx)
	defer log.Close()
	attempt := activity.GetInfo(ctx).Attempt
	log.Write(tasklog.Line{Host: "web-1", Message: fmt.Sprintf("attempt %d of %s", attempt, operation.TaskOf(ctx))})
	if attempt == 1 {
		log.Write(tasklog.Line{Host: "web-1", Level: tasklog.Error, Stream: tasklog.Stderr, Message: "no route"})
		return fault.New(fault.Unavailable, nil, "web-1 does not respond")
	}
	return nil
}

func (h *testActivities) MakeThing(_ context.Context, in testInput) (string, error) {
	h.token.Store(in.Token)
	if !h.raised.Load() {
		return "", fault.New(fault.Quota, errors.New("413"), "cinder: Maximum number of volumes allowed (2) exceeded")
	}
	return "made", nil
}

func (h *testActivities) DropThing(context.Context, testInput) error {
	h.undone.Add(1)
	return nil
}

// RunTest is a workflow that uses the framework like the workflows of the product.
func RunTest(ctx workflow.Context, in testInput) (err error) {
	var h *testActivities
	r, err := operation.Begin(ctx, h.MakeThing)
	if err != nil {
		return err
	}
	defer r.End(ctx, &err)
	switch in.Do {
	case "fail":
		return fault.Final(fault.New(fault.Invalid, nil, "nova: no such flavor"))
	case "write":
		return r.Call(ctx, h.WriteThing, in, nil)
	case "wait":
		return workflow.Await(ctx, func() bool { return false })
	case "work":
		r.Compensate(h.DropThing, in)
		return r.Call(ctx, h.MakeThing, func() any { return testInput{Token: r.UserToken(in.Token)} }, nil)
	}
	r.Skip(h.MakeThing)
	return nil
}

var testOperation = operation.Operation{Name: "test.run", Workflow: RunTest, Role: "operator", Input: func() any { return new(testInput) },
	Title: i18n.Text{En: "Run {target}", Fr: "Exécuter {target}"}}

type testEnv struct {
	*task.Service
	server     *temporaltest.Server
	activities *testActivities
}

func newTestEnv(t *testing.T) *testEnv {
	t.Helper()
	server := temporaltest.Start(t)
	h := &testEnv{server: server, activities: &testActivities{}, Service: &task.Service{Temporal: server.Client, Namespace: temporaltest.Namespace, TaskQueue: "test",
		Converter: server.Ring.Converter(), Operations: map[string]operation.Operation{testOperation.Name: testOperation},
		StepTitles: map[string]i18n.Text{"MakeThing": {En: "Make the thing", Fr: "Fabriquer la chose"}}}}
	w := sdkworker.New(server.Client, "test", sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{&operation.Interceptor{}}})
	w.RegisterWorkflow(RunTest)
	w.RegisterActivity(h.activities)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return h
}

// request returns a request for an operation on one target.
func request(app, do string) task.StartRequest {
	return task.StartRequest{Operation: testOperation, Input: testInput{Do: do}, Body: []byte(do), Request: operation.Request{Operation: testOperation.Name,
		Targets: []operation.Target{{Kind: "app", ID: app, Name: app}}, Actor: operation.Actor{ID: "u1", Name: "anna"}, Via: "api"}}
}

func (h *testEnv) start(t *testing.T, in task.StartRequest) task.Task {
	t.Helper()
	task, err := h.Start(t.Context(), in)
	require.NoError(t, err)
	return task
}

const defaultTimeout = 15 * time.Second

// await waits until the task has the status, and returns the task.
func (h *testEnv) await(t *testing.T, id string, status operation.Status) (task task.Task) {
	t.Helper()
	require.Eventually(t, func() bool {
		var err error
		task, err = h.Get(t.Context(), id)
		return err == nil && task.Status == status
	}, defaultTimeout, 20*time.Millisecond, "%s: %s", id, status)
	return task
}

// all reads all pages of a list.
func (h *testEnv) all(t *testing.T, f task.Filter) (list []task.Task) {
	t.Helper()
	for range 1000 {
		page, err := h.List(t.Context(), f)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Items), f.PageSize)
		list = append(list, page.Items...)
		if f.PageToken = page.NextPageToken; f.PageToken == "" {
			return list
		}
	}
	t.Fatal("the list does not end")
	return nil
}

// settle waits until the filter selects n tasks, because the visibility store is updated with a delay. It returns the
// tasks.
func (h *testEnv) settle(t *testing.T, f task.Filter, n int) []task.Task {
	t.Helper()
	f.PageSize = 500
	var list []task.Task
	require.Eventually(t, func() bool { list = h.all(t, f); return len(list) == n }, defaultTimeout, 50*time.Millisecond,
		"%d tasks", n)
	return list
}

func ids(list []task.Task) map[string]int {
	out := map[string]int{}
	for _, task := range list {
		out[task.ID]++
	}
	return out
}

func kindOf(err error) string { return fmt.Sprint(fault.KindOf(err)) }
