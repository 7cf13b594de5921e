package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

const logPath = "/api/v1/tasks/" + runningTask + "/log"

// tenLines returns a log of ten lines with an error at position 7.
func tenLines() *tasklog.View {
	var lines []tasklog.Line
	for n := range 10 {
		l := tasklog.Line{Time: time.Date(2026, 3, 1, 12, 0, n, 0, time.UTC), Step: "RunAgentPlaybook", Level: tasklog.Info, Host: "web-1", Message: fmt.Sprint("line ", n)}
		if n == 7 {
			l.Level, l.Stream = tasklog.Error, tasklog.Stderr
		}
		lines = append(lines, l)
	}
	return tasklog.NewStaticView(lines...)
}

func (h *testServer) logPage(t *testing.T, query string) (page LogPage, positions []int) {
	t.Helper()
	response := h.send(t, ask{method: http.MethodGet, path: logPath + "/lines?" + query, as: identity.Viewer})
	require.Equal(t, http.StatusOK, response.Code, response.Body)
	require.NoError(t, json.Unmarshal(response.Body.Bytes(), &page))
	for _, l := range page.Items {
		positions = append(positions, l.Position)
		require.Equal(t, fmt.Sprint("line ", l.Position), l.Message)
	}
	return page, positions
}

func TestListTaskLog(t *testing.T) {
	h := newTestServer(t)
	h.tasks.log = tenLines()
	for query, want := range map[string][]int{
		"":                       {0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		"from=4&limit=3":         {4, 5, 6},
		"from=-2":                {8, 9},
		"from=12":                nil,
		"limit=0":                nil,
		"level=error&limit=1":    {7},
		"level=error&from=8":     nil,
		"q=LINE%205":             {5},
		"q=web-1&from=3&limit=2": {3, 4},
		"q=nowhere":              nil,
	} {
		page, got := h.logPage(t, query)
		require.Equal(t, want, got, query)
		require.Equal(t, 10, page.Total)
		require.Equal(t, 1, page.Errors)
	}
	page, _ := h.logPage(t, "from=4&limit=3")
	require.Equal(t, 7, *page.Next)
	page, _ = h.logPage(t, "from=4")
	require.Nil(t, page.Next)
	for _, query := range []string{"limit=1001", "limit=-1", "level=loud", "from=x"} {
		require.Equal(t, http.StatusUnprocessableEntity, h.send(t, ask{method: http.MethodGet, path: logPath + "/lines?" + query, as: identity.Viewer}).Code, query)
	}
}

func TestGetTaskLog(t *testing.T) {
	h := newTestServer(t)
	h.tasks.log = tenLines()
	response := h.send(t, ask{method: http.MethodGet, path: logPath, as: identity.Viewer})
	require.Equal(t, "text/plain; charset=utf-8", response.Header().Get("Content-Type"))
	text := strings.Split(response.Body.String(), "\n")
	require.Len(t, text, 11)
	require.Equal(t, "2026-03-01T12:00:07.000Z error   RunAgentPlaybook     web-1: stderr: line 7", text[7])

	response = h.send(t, ask{method: http.MethodGet, path: logPath + "?format=jsonl&from=6&limit=2", as: identity.Viewer})
	require.Equal(t, "application/jsonl", response.Header().Get("Content-Type"))
	var line LogLine
	lines := strings.Split(strings.TrimSpace(response.Body.String()), "\n")
	require.Len(t, lines, 2)
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &line))
	require.Equal(t, LogLine{7, tasklog.Line{Time: time.Date(2026, 3, 1, 12, 0, 7, 0, time.UTC), Step: "RunAgentPlaybook", Level: "error", Host: "web-1", Stream: "stderr", Message: "line 7"}}, line)

	h.tasks.log.IncompleteReason = i18n.Messagef("%s does not respond", "swift")
	response = h.send(t, ask{method: http.MethodGet, path: logPath, as: identity.Viewer, header: map[string]string{"Accept-Language": "fr"}})
	require.Contains(t, response.Body.String(), "des lignes manquent ici : swift ne répond pas")
}

// A reader that reconnects sends the ID of the last event, which is any text.
func TestFollowTaskLog_resume(t *testing.T) {
	h := newTestServer(t)
	h.tasks.changes = make(chan task.LogUpdate, 2)
	server := httptest.NewServer(h.handler)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+logPath+"/events", http.NoBody)
	require.NoError(t, err)
	cookie, _ := h.signedIn(t, identity.Viewer)
	r.Header.Set("Cookie", cookie)
	r.Header.Set("Last-Event-ID", "3/170/aa.5.1=2@180")
	h.tasks.changes <- task.LogUpdate{Update: tasklog.Update{Total: 5, ResetFrom: 4, Lines: []tasklog.Line{{Message: "one\ntwo"}}}, Cursor: "4/170/aa.5.1=2@180"}
	h.tasks.changes <- task.LogUpdate{Update: tasklog.Update{Total: 5, ResetFrom: 5}, Cursor: "4/170/aa.5.1=2@180", IncompleteReason: i18n.Messagef("%s does not respond", "swift"), Complete: true}
	close(h.tasks.changes)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	require.Equal(t, "3/170/aa.5.1=2@180", h.tasks.cursor)
	in := bufio.NewScanner(response.Body)
	var got LogEvent
	e, open := nextEvent(t, in)
	require.True(t, open)
	require.Equal(t, "log", e.name)
	require.Equal(t, "4/170/aa.5.1=2@180", e.id)
	require.NoError(t, json.Unmarshal([]byte(e.data), &got))
	require.Equal(t, LogEvent{Total: 5, ResetFrom: 4, Lines: []tasklog.Line{{Message: "one\ntwo"}}}, got)
	e, _ = nextEvent(t, in)
	require.NoError(t, json.Unmarshal([]byte(e.data), &got))
	require.True(t, got.Complete)
	require.Equal(t, "swift does not respond", got.IncompleteReason)
	_, open = nextEvent(t, in)
	require.False(t, open)
}
