package cli

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/sdk"
)

// The lines have the format of the log without --follow. The reason of an incomplete log is printed once.
func TestTaskLogs_Follow(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/tasks/a~b" {
			fmt.Fprint(w, `{"id":"a~b","status":"running"}`)
			return
		}
		for i, complete := range []bool{false, true} {
			fmt.Fprintf(w, "id: %d\nevent: log\ndata: {\"lines\":[{\"time\":\"2026-03-01T12:00:00.5Z\",\"step\":\"RunAgentPlaybook\",\"level\":\"info\","+
				"\"host\":\"web-1\",\"message\":\"line\\u001b %d\"}],"+
				"\"incomplete_reason\":\"Swift does not respond\",\"complete\":%t}\n\n", i, i, complete)
		}
	}
	var out string
	var err error
	errors := stderr(t, func() { out, err = runAgainst(t, handler, "task", "logs", "a~b", "--follow") })
	require.NoError(t, err)
	require.Equal(t, "2026-03-01T12:00:00.500Z info    RunAgentPlaybook     web-1: line  0\n"+
		"2026-03-01T12:00:00.500Z info    RunAgentPlaybook     web-1: line  1\n", out)
	require.Equal(t, "the log is incomplete: Swift does not respond\n", errors)

	stderr(t, func() { out, err = runAgainst(t, handler, "task", "logs", "a~b", "--follow", "-o", "json") })
	require.NoError(t, err)
	require.Contains(t, out, `"host":"web-1","level":"info","message":"line\u001b 0","step":"RunAgentPlaybook"`)
	require.Equal(t, 2, bytes.Count([]byte(out), []byte("\n")))

	_, err = runAgainst(t, handler, "task", "logs", "a~b", "--follow", "--level", "error")
	require.EqualError(t, err, "--follow prints all lines: do not use --search or --level with it")
}

func TestTaskLogs_UnknownTask(t *testing.T) {
	for _, args := range [][]string{{"task", "logs", "a~b"}, {"task", "logs", "a~b", "--follow"}} {
		_, err := runAgainst(t, http.NotFound, args...)
		require.EqualError(t, err, "404 Not Found")
	}
}

func TestTaskLogs_Download(t *testing.T) {
	var query string
	handler := func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.RawQuery
		_, _ = io.WriteString(w, "line\n")
	}
	out, err := runAgainst(t, handler, "task", "logs", "a~b", "--step", "RunAgentPlaybook", "--search", "x", "-o", "json")
	require.NoError(t, err)
	require.Equal(t, "line\n", out)
	require.Equal(t, "format=jsonl&q=x&step=RunAgentPlaybook", query)
}

func TestFormatLogLine(t *testing.T) {
	at := time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600))
	l := sdk.TaskLogLine{Time: at, Level: "error", Step: "Run", Host: new("web-1"), Task: new("Install"),
		Stream: new(sdk.TaskLogLineStreamStderr), Message: "one\ntwo"}
	require.Equal(t, "2026-03-01T12:00:00.000Z error   Run                  web-1: Install: stderr: one\n  two", formatLogLine(l))
}

// stderr returns what f writes to standard error.
func stderr(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	saved := os.Stderr
	os.Stderr = w
	defer func() { os.Stderr = saved }()
	f()
	require.NoError(t, w.Close())
	raw, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(raw)
}
