package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
)

// event is one server-sent event.
type event struct{ id, name, data string }

func nextEvent(t *testing.T, in *bufio.Scanner) (e event, open bool) {
	t.Helper()
	for in.Scan() {
		field, v, _ := strings.Cut(in.Text(), ": ")
		switch field {
		case "id":
			e.id = v
		case "event":
			e.name = v
		case "data":
			e.data = v
		case "":
			if e.data != "" {
				return e, true
			}
		}
	}
	return e, false
}

func TestWatchTask_ends_with_task(t *testing.T) {
	h := newTestServer(t)
	h.tasks.events = make(chan task.Task)
	server := httptest.NewServer(h.handler)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/v1/tasks/"+runningTask+"/events", http.NoBody)
	require.NoError(t, err)
	cookie, _ := h.signedIn(t, identity.Viewer)
	r.Header.Set("Cookie", cookie)
	go func() {
		for _, status := range []operation.Status{operation.Running, operation.Blocked, operation.Succeeded} {
			task := h.tasks.task()
			task.Status = status
			h.tasks.events <- task
		}
		close(h.tasks.events)
	}()
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	in := bufio.NewScanner(response.Body)
	for _, status := range []operation.Status{operation.Running, operation.Blocked, operation.Succeeded} {
		e, open := nextEvent(t, in)
		require.True(t, open)
		var task task.Task
		require.NoError(t, json.Unmarshal([]byte(e.data), &task))
		require.Equal(t, runningTask, task.ID)
		require.Equal(t, status, task.Status)
		require.NotEmpty(t, e.id, "a reader resumes after this ID")
		require.Contains(t, []string{"", "task"}, e.name)
	}
	_, open := nextEvent(t, in)
	require.False(t, open, "the stream ends with the task")
}

// collect runs a stream for the given synthetic time and returns the messages that it sent.
func collect(t *testing.T, lasts time.Duration, watch func(context.Context, sse.Sender)) (sent []sse.Message) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), lasts)
		defer cancel()
		watch(ctx, func(m sse.Message) error {
			sent = append(sent, m)
			return nil
		})
	})
	return sent
}

func TestWatchTask_keep_alive(t *testing.T) {
	h := newTestServer(t)
	sent := collect(t, time.Minute+time.Second, func(ctx context.Context, send sse.Sender) {
		h.tasks.events = make(chan task.Task)
		h.watchTask(ctx, &watchTask{ID: runningTask}, send)
	})
	require.Len(t, sent, 4)
	for _, m := range sent {
		require.IsType(t, KeepAlive{}, m.Data)
	}
}

// Health is sent when it changes, not at every poll.
func TestWatchEvents_no_duplicates(t *testing.T) {
	h := newTestServer(t)
	var kinds []string
	for _, m := range collect(t, 14*time.Second, func(ctx context.Context, send sse.Sender) {
		h.tasks.events = make(chan task.Task, 1)
		h.tasks.events <- h.tasks.task()
		h.watchEvents(ctx, nil, send)
	}) {
		switch m.Data.(type) {
		case TaskEvent:
			kinds = append(kinds, "task")
		case AppEvent:
			kinds = append(kinds, "app")
		case StackEvent:
			kinds = append(kinds, "stack")
		}
	}
	require.Equal(t, []string{"task", "app", "stack"}, kinds)
}

// A stream of a task that does not exist is an error, not an empty stream.
func TestStreams_unknownTask(t *testing.T) {
	for _, path := range []string{"/api/v1/tasks/app:ntp~none/events", "/api/v1/tasks/app:ntp~none/log/events"} {
		h := newTestServer(t)
		h.tasks.err = fault.New(fault.NotFound, nil, "there is no such task")
		response := h.send(t, ask{method: http.MethodGet, path: path, as: identity.Viewer})
		require.Equal(t, http.StatusNotFound, response.Code, path)
		require.Equal(t, "there is no such task", problem(t, response).Detail.String())
	}
}
