package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// serve returns a client of a manager that responds to the n-th request, counted from 1, with respond.
func serve(t *testing.T, respond func(n int, w http.ResponseWriter, r *http.Request)) *Client {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		respond(n, w, r)
	}))
	t.Cleanup(server.Close)
	client, err := New(server.URL, nil, WithRetries(3, time.Millisecond))
	require.NoError(t, err)
	return client
}

func TestClient_RepeatsWithTheSameIdempotencyKey(t *testing.T) {
	var keys, bodies []string
	client := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		var body LaunchAppRequest
		_ = json.NewDecoder(r.Body).Decode(&body)
		keys, bodies = append(keys, r.Header.Get("Idempotency-Key")), append(bodies, *body.Version)
		switch n {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2: // the connection breaks before the response
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.Close()
		default:
			fmt.Fprint(w, `{"id":"app:ntp~1","status":"queued"}`)
		}
	})
	version := "4"
	task, err := client.LaunchApp(t.Context(), "ntp", LaunchAppRequest{Version: &version})
	require.NoError(t, err)
	require.Equal(t, "app:ntp~1", task.ID)
	require.Len(t, keys, 3)
	require.NotEmpty(t, keys[0])
	require.Equal(t, []string{keys[0], keys[0], keys[0]}, keys)
	require.Equal(t, []string{"4", "4", "4"}, bodies)
}

func TestClient_CallersIdempotencyKey(t *testing.T) {
	client := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"id":%q}`, r.Header.Get("Idempotency-Key"))
	})
	ctx := WithIdempotencyKey(t.Context(), "night-2026-12-01")
	task, err := client.StopApp(ctx, "ntp")
	require.NoError(t, err)
	require.Equal(t, "night-2026-12-01", task.ID)
	key := "of the parameters"
	task, err = client.DeleteStack(ctx, DeleteStackParams{IdempotencyKey: &key})
	require.NoError(t, err)
	require.Equal(t, key, task.ID)
}

// A request without an Idempotency-Key that changes something may have had its effect: it is not repeated.
func TestClient_DoesNotRepeatUnsafeRequests(t *testing.T) {
	requests := 0
	client := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		requests = n
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := client.CreateBackupPlan(t.Context(), BackupPlan{})
	require.Error(t, err)
	require.Equal(t, 1, requests)
}

func TestClient_Problem(t *testing.T) {
	client := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"type":"about:blank","title":"Conflict","status":409,"code":"conflict","detail":"\"Launch NTP\" is running","task":"/api/v1/tasks/app:ntp~1","errors":[{"field":"version","message":"unknown"}]}`)
	})
	_, err := client.LaunchApp(t.Context(), "ntp", LaunchAppRequest{})
	require.EqualError(t, err, `"Launch NTP" is running; version: unknown (task app:ntp~1)`)
	require.Equal(t, ProblemCodeConflict, CodeOf(err))
}

// A proxy in front of the manager responds with HTML.
func TestClient_ErrorThatIsNotAProblem(t *testing.T) {
	client := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<html>no</html>")
	})
	_, err := client.ListApps(t.Context())
	require.EqualError(t, err, "403 Forbidden")
}

func TestNew_Address(t *testing.T) {
	for _, bad := range []string{"", "mcm.example.org", "127.0.0.1:8080", "ftp://mcm.example.org", "https://"} {
		_, err := New(bad, nil)
		require.ErrorContains(t, err, "is not the address of a manager", bad)
	}
	c, err := New("https://mcm.example.org/manager/", nil)
	require.NoError(t, err)
	r, err := c.request(t.Context(), call{method: http.MethodGet, path: path("tasks", "app:ntp~1"), query: ListTaskLogParams{}})
	require.NoError(t, err)
	require.Equal(t, "https://mcm.example.org/manager/api/v1/tasks/app:ntp~1", r.URL.String())
}

func TestWaitForTask(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []TaskStatus
		want     TaskStatus
	}{
		"succeeds":          {[]TaskStatus{TaskStatusQueued, TaskStatusRunning, TaskStatusSucceeded}, TaskStatusSucceeded},
		"partially fails":   {[]TaskStatus{TaskStatusRunning, TaskStatusPartiallyFailed}, TaskStatusPartiallyFailed},
		"stops for a block": {[]TaskStatus{TaskStatusRunning, TaskStatusBlocked, TaskStatusRunning}, TaskStatusBlocked},
	} {
		t.Run(name, func(t *testing.T) {
			client := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
				for i, s := range c.statuses {
					fmt.Fprintf(w, "id: %d\nevent: task\ndata: {\"id\":\"t\",\"status\":%q}\n\n", i, s)
				}
			})
			seen := 0
			task, err := client.WaitForTask(t.Context(), "t", func(Task) { seen++ })
			require.NoError(t, err)
			require.Equal(t, c.want, task.Status)
			require.NotZero(t, seen)
		})
	}
}

func TestWaitForTask_Deadline(t *testing.T) {
	client := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "event: task\ndata: {\"id\":\"t\",\"status\":\"running\"}\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	task, err := client.WaitForTask(ctx, "t", nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, TaskStatusRunning, task.Status)
}

// A log stream that breaks is opened again after the last complete event: each line is returned once.
func TestFollowTaskLog_AcrossRestarts(t *testing.T) {
	var last []string
	client := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		last = append(last, r.Header.Get("Last-Event-ID"))
		line := func(id, message string, complete bool) {
			fmt.Fprintf(w, "id: %s\nevent: log\ndata: {\"lines\":[{\"message\":%q}],\"complete\":%t}\n\n", id, message, complete)
		}
		switch n {
		case 1:
			fmt.Fprint(w, "event: keepalive\ndata: {}\n\n")
			line("1/0/a.5.1=1@1", "one", false)
			fmt.Fprint(w, "id: half\nevent: log\ndata: {\"lines\":[{") // and the manager stops
		case 2:
			w.WriteHeader(http.StatusInternalServerError)
		default:
			line("2", "two", true)
		}
	})
	var lines []string
	for e, err := range client.FollowTaskLog(t.Context(), "a~b", FollowTaskLogParams{}) {
		require.NoError(t, err)
		for _, l := range e.Lines {
			lines = append(lines, l.Message)
		}
	}
	require.Equal(t, []string{"one", "two"}, lines)
	require.Equal(t, []string{"", "1/0/a.5.1=1@1", "1/0/a.5.1=1@1"}, last)
}

func TestFollowTaskLog_UnknownTask(t *testing.T) {
	client := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	failed := false
	for _, err := range client.FollowTaskLog(t.Context(), "a~b", FollowTaskLogParams{}) {
		require.EqualError(t, err, "404 Not Found")
		failed = true
	}
	require.True(t, failed)
}

func TestWaitForTask_UnknownTask(t *testing.T) {
	client := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"title":"Not Found","status":404,"code":"not_found","detail":"there is no such task"}`)
	})
	_, err := client.WaitForTask(t.Context(), "t", nil)
	require.EqualError(t, err, "there is no such task")
}

func TestAll_ReadsEveryPage(t *testing.T) {
	client := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "500", r.URL.Query().Get("page_size"))
		switch r.URL.Query().Get("page_token") {
		case "":
			fmt.Fprint(w, `{"items":[{"id":"1"},{"id":"2"}],"next_page_token":"n"}`)
		case "n":
			fmt.Fprint(w, `{"items":[{"id":"3"}],"next_page_token":""}`)
		}
	})
	count := map[string]int{}
	record := func(name string, n int, err error) {
		require.NoError(t, err)
		count[name] = n
	}
	instances, err := client.AllInstances(t.Context(), ListInstancesParams{})
	record("instances", len(instances), err)
	backups, err := client.AllBackups(t.Context(), ListBackupsParams{})
	record("backups", len(backups), err)
	plans, err := client.AllBackupPlans(t.Context())
	record("plans", len(plans), err)
	runs, err := client.AllBackupPlanRuns(t.Context(), "p")
	record("runs", len(runs), err)
	files, err := client.AllBackupFiles(t.Context(), "b", ListBackupFilesParams{})
	record("files", len(files), err)
	require.Equal(t, map[string]int{"instances": 3, "backups": 3, "plans": 3, "runs": 3, "files": 3}, count)
}

func TestStatus_Closed(t *testing.T) {
	closed := map[TaskStepStatus]bool{TaskStepStatusQueued: false, TaskStepStatusRunning: false, TaskStepStatusBlocked: false,
		TaskStepStatusSucceeded: true, TaskStepStatusFailed: true, TaskStepStatusCancelled: true, TaskStepStatusSkipped: true}
	for status, want := range closed {
		require.True(t, status.Valid())
		require.Equal(t, want, status.Closed(), status)
	}
}
