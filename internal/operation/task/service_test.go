package task_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

func TestService(t *testing.T) {
	h := newTestEnv(t)
	t.Run("concurrent requests with the same key start one task", h.race)
	t.Run("requests with the same key to two replicas start one task", h.replicas)
	t.Run("a key is bound to the body of its request", h.keys)
	t.Run("a second operation on a target is a conflict", h.conflict)
	t.Run("cancel rolls back", h.cancels)
	t.Run("retry of a failed task starts another task", h.retries)
	t.Run("retry continues a blocked task", h.blocks)
	t.Run("a task with a thousand targets", h.manyTargets)
	t.Run("unknown task IDs", h.unknownIDs)
}

func (h *testEnv) race(t *testing.T) {
	for _, do := range []string{"wait", ""} {
		for attempt := range 5 {
			in := request(fmt.Sprintf("race%s%d", do, attempt), do)
			in.Key = "key-" + in.Request.Targets[0].ID
			var (
				wg    sync.WaitGroup
				mu    sync.Mutex
				found = map[string]int{}
				gate  = make(chan struct{})
			)
			for range 20 {
				wg.Go(func() {
					<-gate
					started, err := h.Start(t.Context(), in)
					mu.Lock()
					defer mu.Unlock()
					found[started.ID+fault.MessageOf(err).String()]++
				})
			}
			close(gate)
			wg.Wait()
			require.Len(t, found, 1, "%q, attempt %d", do, attempt)
		}
	}
}

// stalled is the Temporal client of a replica. It pauses between the search for a key and the start of the task.
type stalled struct {
	client.Client
	searched chan struct{}
	resume   chan struct{}
}

func (s *stalled) ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	close(s.searched)
	<-s.resume
	return s.Client.ExecuteWorkflow(ctx, o, workflow, args...)
}

func (h *testEnv) replicas(t *testing.T) {
	for name, body := range map[string]string{"same": "", "other": "another body"} {
		in := request("replicas-"+name, "")
		in.Key = "key-" + name
		late := &stalled{Client: h.server.Client, searched: make(chan struct{}), resume: make(chan struct{})}
		other := &task.Service{Temporal: late, Namespace: h.Namespace, TaskQueue: h.TaskQueue, Converter: h.Converter, Operations: h.Operations}
		var (
			remote task.Task
			err    error
			wg     sync.WaitGroup
		)
		wg.Go(func() {
			in := in
			in.Body = []byte(body)
			remote, err = other.Start(t.Context(), in)
		})
		<-late.searched
		local := h.start(t, in)
		h.await(t, local.ID, operation.Succeeded)
		close(late.resume)
		wg.Wait()
		if body == "" {
			require.NoError(t, err)
			require.Equal(t, local.ID, remote.ID, "the task was started and has ended between the search and the start of the other replica")
		} else {
			require.Equal(t, "conflict", kindOf(err))
		}
		h.settle(t, task.Filter{Target: "app:replicas-" + name}, 1)
	}
}

func (h *testEnv) keys(t *testing.T) {
	in := request("keys", "")
	in.Key = "k1"
	first := h.start(t, in)
	h.await(t, first.ID, operation.Succeeded)
	require.Equal(t, first.ID, h.start(t, in).ID, "the task has ended")

	other := in
	other.Body = []byte("other")
	_, err := h.Start(t.Context(), other)
	f, ok := errors.AsType[*fault.Error](err)
	require.True(t, ok)
	require.Equal(t, fault.Conflict, f.Kind)
	require.Equal(t, first.ID, f.Task)

	between := h.start(t, request("keys", ""))
	require.NotEqual(t, first.ID, between.ID, "a request without a key starts a new task")
	h.await(t, between.ID, operation.Succeeded)
	h.settle(t, task.Filter{Target: "app:keys", Status: operation.Succeeded}, 2)
	require.Equal(t, first.ID, h.start(t, in).ID, "another task on the target has run since")

	otherUser := in
	otherUser.Request.Actor = operation.Actor{ID: "u9", Name: "eve"}
	require.NotEqual(t, first.ID, h.start(t, otherUser).ID, "two users may use the same key")
}

func (h *testEnv) conflict(t *testing.T) {
	first := h.start(t, request("busy", "wait"))
	_, err := h.Start(i18n.With(t.Context(), "fr"), request("busy", ""))
	f, ok := errors.AsType[*fault.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, fault.Conflict, f.Kind)
	require.Equal(t, first.ID, f.Task)
	require.Contains(t, f.Message.String(), "Exécuter busy")
	running, err := h.Running(t.Context(), operation.Target{Kind: "app", ID: "busy"})
	require.NoError(t, err)
	require.Equal(t, first.ID, running)
	running, err = h.Running(t.Context(), operation.Target{Kind: "app", ID: "nothing"})
	require.NoError(t, err)
	require.Empty(t, running)
}

func (h *testEnv) cancels(t *testing.T) {
	h.activities.raised.Store(false)
	started := h.start(t, request("cancel", "work"))
	h.await(t, started.ID, operation.Blocked)
	before := h.activities.undone.Load()
	cancelled, err := h.Cancel(t.Context(), started.ID)
	require.NoError(t, err)
	require.Contains(t, []operation.Status{operation.Cancelling, operation.Cancelled}, cancelled.Status)
	ended := h.await(t, started.ID, operation.Cancelled)
	require.Equal(t, before+1, h.activities.undone.Load())
	require.True(t, ended.Steps[len(ended.Steps)-1].Undo)
	require.Equal(t, operation.Cancelled, ended.Steps[0].Status)
	_, err = h.Cancel(t.Context(), started.ID)
	require.Equal(t, "conflict", kindOf(err))
	h.settle(t, task.Filter{Status: operation.Cancelled, Target: "cancel"}, 1)
}

func (h *testEnv) retries(t *testing.T) {
	started := h.start(t, request("retry", "fail"))
	failed := h.await(t, started.ID, operation.Failed)
	require.Equal(t, &task.Error{Code: "invalid", Detail: "nova: no such flavor"}, failed.Error)
	caller := operation.Request{Actor: operation.Actor{ID: "u7", Name: "carl"}, Via: "cli"}
	again, err := h.Retry(t.Context(), started.ID, caller, "token", "")
	require.NoError(t, err)
	require.NotEqual(t, started.ID, again.ID)
	again = h.await(t, again.ID, operation.Failed) // the input is the same, so the new task fails too
	require.Equal(t, started.ID, again.RetryOf)
	require.Equal(t, "carl", again.Actor.Name)
	require.Equal(t, started.Targets, again.Targets)

	done := h.start(t, request("retry-done", ""))
	h.await(t, done.ID, operation.Succeeded)
	_, err = h.Retry(t.Context(), done.ID, caller, "", "")
	require.Equal(t, "conflict", kindOf(err))
	busy := h.start(t, request("retry-busy", "wait"))
	h.await(t, busy.ID, operation.Running)
	_, err = h.Retry(t.Context(), busy.ID, caller, "", "")
	require.Equal(t, "conflict", kindOf(err), "%v", err)
	require.ErrorContains(t, err, "does not need a retry")
}

func (h *testEnv) blocks(t *testing.T) {
	h.activities.raised.Store(false)
	started := h.start(t, request("block", "work"))
	blocked := h.await(t, started.ID, operation.Blocked)
	require.Equal(t, "quota", blocked.Error.Code)
	require.Equal(t, "cinder: Maximum number of volumes allowed (2) exceeded", blocked.Error.Detail)
	require.Equal(t, operation.Blocked, blocked.Steps[0].Status)
	require.Equal(t, "Make the thing", blocked.Steps[0].Title)
	require.Equal(t, task.Progress{Total: 1}, blocked.Progress)
	list := h.settle(t, task.Filter{Status: operation.Blocked, Target: "app:block"}, 1)
	require.Equal(t, started.ID, list[0].ID)

	_, err := h.Retry(t.Context(), started.ID, operation.Request{}, "fresh-1", "")
	require.NoError(t, err)
	h.await(t, started.ID, operation.Blocked) // the quota is still exceeded
	require.Equal(t, "fresh-1", h.activities.token.Load())
	h.activities.raised.Store(true)
	again, err := h.Retry(t.Context(), started.ID, operation.Request{}, "fresh-2", "")
	require.NoError(t, err)
	require.Equal(t, started.ID, again.ID, "retry continues the same task")
	done := h.await(t, started.ID, operation.Succeeded)
	require.Nil(t, done.Error)
	require.Equal(t, "made", done.Steps[0].Message)
	require.Equal(t, task.Progress{Done: 1, Total: 1}, done.Progress)
	require.Equal(t, "fresh-2", h.activities.token.Load())

	french, err := h.Get(i18n.With(t.Context(), "fr"), started.ID)
	require.NoError(t, err)
	require.Equal(t, "Exécuter block", french.Title)
	require.Equal(t, "Fabriquer la chose", french.Steps[0].Title)
	log, err := h.Log(t.Context(), started.ID, "MakeThing")
	require.NoError(t, err)
	page, err := log.Page(t.Context(), tasklog.Query{}, 100, time.Minute)
	require.NoError(t, err)
	require.NotEmpty(t, page.Items)
	require.Contains(t, fmt.Sprint(page.Items), "Maximum number of volumes")
}

func (h *testEnv) unknownIDs(t *testing.T) {
	known := h.start(t, request("known", ""))
	for _, id := range []string{"", "~", "app:known", "app:known~", "~x", "app:unknown~" + known.ID[len("app:known~"):], "app:known~not-a-run",
		"app:known~00000000-0000-4000-8000-000000000000", `app:known~' OR '1'='1`, "app:known~\""} {
		_, err := h.Get(t.Context(), id)
		require.Equal(t, "not_found", kindOf(err), "%q: %v", id, err)
		_, err = h.Cancel(t.Context(), id)
		require.Equal(t, "not_found", kindOf(err), "%q: %v", id, err)
		_, err = h.Retry(t.Context(), id, operation.Request{}, "", "")
		require.Equal(t, "not_found", kindOf(err), "%q: %v", id, err)
		_, err = h.Log(t.Context(), id, "")
		require.Equal(t, "not_found", kindOf(err), "%q: %v", id, err)
	}
}
