package task_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/sandbox/sandboxtest"
)

// logged returns all lines of the log of a task.
func (h *testEnv) logged(t *testing.T, id string) (out []tasklog.Line) {
	t.Helper()
	v, err := h.Log(t.Context(), id, "")
	require.NoError(t, err)
	require.Empty(t, v.IncompleteReason)
	for e, err := range v.Lines(t.Context(), tasklog.Query{}) {
		require.NoError(t, err)
		out = append(out, e.Line)
	}
	return out
}

// followed follows the log of a task until its end. It reconnects after each update.
func (h *testEnv) followed(t *testing.T, id string, lines bool) (out []tasklog.Line, total int) {
	t.Helper()
	cursor := ""
	for began := time.Now(); time.Since(began) < defaultTimeout; {
		ctx, cancel := context.WithTimeout(t.Context(), defaultTimeout)
		c, open := <-h.FollowLog(ctx, id, "", cursor, lines)
		cancel()
		require.True(t, open)
		out, cursor = append(out, c.Lines...), c.Cursor
		if c.Complete {
			return out, c.Total
		}
	}
	t.Fatal("the log does not end")
	return nil, 0
}

// The log of a task has the lines of all attempts and all runs of its activities, in chronological order.
func TestLog_IncludesLinesOfActivities(t *testing.T) {
	h := newTestEnv(t)
	cloud := sandboxtest.Start(t)
	h.activities.log = &tasklog.Log{Store: openstack.New(cloud.AuthURL, "demo", "demo", "demo").Objects, Keep: time.Hour}
	h.Logs = &tasklog.Log{Store: openstack.New(cloud.AuthURL, "demo", "demo", "demo").Objects} // the log of another replica
	task := h.start(t, request("writer", "write"))
	live := make(chan []tasklog.Line, 1)
	go func() {
		var received []tasklog.Line
		for c := range h.FollowLog(t.Context(), task.ID, "", "", true) {
			received = append(received, c.Lines...)
		}
		live <- received
	}()
	h.await(t, task.ID, operation.Succeeded)

	all := h.logged(t, task.ID)
	require.True(t, slices.IsSortedFunc(all, func(a, b tasklog.Line) int { return a.Time.Compare(b.Time) }))
	var written []string
	for _, l := range all {
		if l.Host != "" {
			require.Equal(t, "WriteThing", l.Step)
			written = append(written, l.Message)
		}
	}
	require.Equal(t, []string{"attempt 1 of " + task.ID, "no route", "attempt 2 of " + task.ID}, written)
	require.Equal(t, "the task starts", all[0].Message)
	require.Equal(t, "the task has succeeded", all[len(all)-1].Message)

	again, total := h.followed(t, task.ID, true)
	require.Equal(t, len(all), total)
	require.ElementsMatch(t, all, again)
	require.ElementsMatch(t, all, <-live, "a follower receives each line once")
	counted, total := h.followed(t, task.ID, false)
	require.Empty(t, counted)
	require.Equal(t, len(all), total)

	_, err := h.server.Client.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: h.Namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "app:writer"},
		Reason: "by an operator", WorkflowTaskFinishEventId: 4, RequestId: "reset",
	})
	require.NoError(t, err)
	h.await(t, task.ID, operation.Succeeded)
	require.Eventually(t, func() bool {
		return strings.Count(fmt.Sprint(h.logged(t, task.ID)), "attempt 2 of "+task.ID) == 2
	}, defaultTimeout, 100*time.Millisecond, "the log still has the lines of the run before the reset")
}

func TestFollowLog_UnknownTask(t *testing.T) {
	h := newTestEnv(t)
	_, open := <-h.FollowLog(t.Context(), "app:unknown~0190", "", "", true)
	require.False(t, open)
}

// Without object storage, the log has the events of the history and the reason for the missing lines.
func TestLog_WithoutStorage(t *testing.T) {
	h := newTestEnv(t)
	cloud := sandboxtest.Start(t)
	h.Logs = &tasklog.Log{Store: openstack.New(cloud.AuthURL, "demo", "demo", "demo").Objects}
	cloud.Kill()
	task := h.start(t, request("alone", ""))
	h.await(t, task.ID, operation.Succeeded)
	v, err := h.Log(t.Context(), task.ID, "")
	require.NoError(t, err)
	require.Contains(t, v.IncompleteReason.String(), "does not respond")
	require.Greater(t, v.Total, 1)
	c := <-h.FollowLog(t.Context(), task.ID, "", "", true)
	require.Equal(t, v.IncompleteReason, c.IncompleteReason)
	require.NotEmpty(t, c.Lines)
}
