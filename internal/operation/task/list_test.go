package task_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
)

const closedTasks, runningTasks = 120, 30

// startMany starts tasks that succeed, fail or continue to run.
func (h *testEnv) startMany(t *testing.T) {
	t.Helper()
	var g errgroup.Group
	g.SetLimit(16)
	for i := range closedTasks + runningTasks {
		g.Go(func() error {
			do := []string{"", "fail", ""}[i%3]
			if i >= closedTasks {
				do = "wait"
			}
			in := request(fmt.Sprintf("a%d", i), do)
			if i%10 == 0 {
				in.Request.Actor = operation.Actor{ID: "u2", Name: "ben"}
			}
			_, err := h.Start(t.Context(), in)
			return err
		})
	}
	require.NoError(t, g.Wait())
	h.settle(t, task.Filter{Status: operation.Succeeded}, 80)
	h.settle(t, task.Filter{Status: operation.Failed}, 40)
	h.settle(t, task.Filter{Status: operation.Running}, runningTasks)
}

func TestService_List(t *testing.T) {
	h := newTestEnv(t)
	h.startMany(t)
	t.Run("pages are complete and have no duplicates", h.pages)
	t.Run("filters", h.filters)
	t.Run("forged page tokens", h.forgedTokens)
	t.Run("a reset task is listed once", h.reset)
	t.Run("a task that ends during the request is listed once", h.ending)
}

// hookedClient calls a function after the query for running tasks and before the query for closed tasks.
type hookedClient struct {
	client.Client
	do func()
}

func (b hookedClient) ListWorkflow(ctx context.Context, in *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	out, err := b.Client.ListWorkflow(ctx, in)
	if strings.Contains(in.Query, "'Running'") {
		b.do()
	}
	return out, err
}

func (h *testEnv) ending(t *testing.T) {
	original := h.Temporal
	defer func() { h.Temporal = original }()
	h.start(t, request("ending", "wait"))
	filter := task.Filter{Target: "ending"}
	h.settle(t, task.Filter{Target: "ending", Status: operation.Running}, 1)
	h.Temporal = hookedClient{original, func() {
		require.NoError(t, original.TerminateWorkflow(t.Context(), "app:ending", "", "enough"))
		h.Temporal = original
		h.settle(t, task.Filter{Target: "ending", Status: operation.Cancelled}, 1)
	}}
	page, err := h.List(t.Context(), filter)
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.NotNil(t, page.Items[0].EndedAt, "the closed task is the newer state")
}

func (h *testEnv) pages(t *testing.T) {
	for _, size := range []int{7, 50, 151} {
		list := h.all(t, task.Filter{PageSize: size})
		require.Len(t, list, closedTasks+runningTasks, "page size %d", size)
		require.Len(t, ids(list), closedTasks+runningTasks, "page size %d", size)
		for i, task := range list {
			if i < runningTasks {
				require.Nil(t, task.EndedAt, "running tasks come first")
				continue
			}
			require.NotNil(t, task.EndedAt)
			if i > runningTasks {
				require.False(t, task.EndedAt.After(*list[i-1].EndedAt), "closed tasks are sorted by end time, newest first")
			}
		}
	}
	page, err := h.List(t.Context(), task.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Items, 50, "default page size")
}

func (h *testEnv) filters(t *testing.T) {
	future, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		filter task.Filter
		n      int
	}{
		"operation":         {task.Filter{Operation: "test.run"}, 150},
		"another operation": {task.Filter{Operation: "app.launch"}, 0},
		"target":            {task.Filter{Target: "app:a17"}, 1},
		"target by id":      {task.Filter{Target: "a17"}, 1},
		"unknown target":    {task.Filter{Target: "stack:a17"}, 0},
		"part of a target":  {task.Filter{Target: "a1"}, 1},
		"actor by id":       {task.Filter{Actor: "u2"}, 15},
		"actor by name":     {task.Filter{Actor: "ben"}, 15},
		"since":             {task.Filter{Since: past}, 150},
		"since later":       {task.Filter{Since: future}, 0},
		"until":             {task.Filter{Until: future}, 150},
		"until earlier":     {task.Filter{Until: past}, 0},
		"queued":            {task.Filter{Status: operation.Queued}, 0},
		"blocked":           {task.Filter{Status: operation.Blocked}, 0},
		"cancelled":         {task.Filter{Status: operation.Cancelled}, 0},
		"timed out":         {task.Filter{Status: operation.TimedOut}, 0},
		"partially failed":  {task.Filter{Status: operation.PartiallyFailed}, 0},
		"all filters":       {task.Filter{Status: operation.Failed, Actor: "ben", Since: past}, 4},
	} {
		c.filter.PageSize = 100
		require.Len(t, h.all(t, c.filter), c.n, name)
	}
	for _, f := range []task.Filter{{Target: `a' OR 1=1 --`}, {Actor: `"`}, {Operation: "a\\"}, {Target: "a\nb"}} {
		_, err := h.List(t.Context(), f)
		require.Equal(t, "invalid", kindOf(err), "%+v", f)
	}
}

func (h *testEnv) forgedTokens(t *testing.T) {
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for _, token := range []string{"x", "%%%", encode("{}"), encode("[]"), encode("null"), encode(`{"c":true}`), encode(`{"c":1}`),
		encode(`{"c":true,"b":"yesterday"}`), encode(`{"r":"Z2FyYmFnZQ=="}`), encode(`{"b":"2000-01-01T00:00:00Z`)} {
		_, err := h.List(t.Context(), task.Filter{PageToken: token, PageSize: 10})
		require.Equal(t, "invalid", kindOf(err), "%s: %v", token, err)
	}
	page, err := h.List(t.Context(), task.Filter{PageToken: encode(`{"c":true,"b":"2000-01-01T00:00:00Z","s":["x' OR '1'='1"]}`)})
	require.NoError(t, err)
	require.Empty(t, page.Items, "the values of a token are never part of the query")
}

// A reset creates a second run of the same task.
func (h *testEnv) reset(t *testing.T) {
	for do, status := range map[string]operation.Status{"wait": operation.Running, "fail": operation.Failed, "": operation.Succeeded} {
		before := h.start(t, request("reset"+do, do))
		h.await(t, before.ID, status)
		h.settle(t, task.Filter{Target: "reset" + do, Status: status}, 1)
		_, err := h.server.Client.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
			Namespace: h.Namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "app:reset" + do},
			Reason: "by an operator", WorkflowTaskFinishEventId: 4, RequestId: "reset" + do,
		})
		require.NoError(t, err)
		after := h.await(t, before.ID, status)
		require.Equal(t, before.ID, after.ID)
		running, err := h.Running(t.Context(), operation.Target{Kind: "app", ID: "reset" + do})
		require.NoError(t, err)
		if do == "wait" {
			require.Equal(t, before.ID, running)
		}
		require.Eventually(t, func() bool {
			found, err := h.Temporal.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Namespace: h.Namespace,
				Query: fmt.Sprintf("%s = '%s'", operation.TaskKey, before.ID)})
			return err == nil && found.Count == 2
		}, defaultTimeout, 50*time.Millisecond, "two runs, one task")
		list := h.settle(t, task.Filter{Target: "app:reset" + do}, 1)
		require.Equal(t, before.ID, list[0].ID, do)
		require.Equal(t, status, list[0].Status, do)
	}
}
