package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// A stream that broke is opened again after the last line, so that each line is printed once.
func TestFollowLog_AcrossRestarts(t *testing.T) {
	var places []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		places = append(places, r.Header.Get("Last-Event-ID"))
		line := func(id, message string, ended bool) {
			fmt.Fprintf(w, "id: %s\nevent: log\ndata: {\"lines\":[{\"time\":\"2026-03-01T12:00:00.5Z\",\"step\":\"RunAgentPlaybook\",\"level\":\"info\",\"host\":\"web-1\",\"message\":%q}],\"complete\":%t}\n\n", id, message, ended)
		}
		switch len(places) {
		case 1:
			fmt.Fprint(w, "event: ping\ndata: {}\n\n")
			line("1/0/a.5.1=1@1", "one", false)
			fmt.Fprint(w, "id: half\nevent: log\ndata: {\"lines\":[{") // and the manager dies
		case 2:
			w.WriteHeader(http.StatusBadGateway)
		case 3:
			line("2", "two", true)
		}
	}))
	defer server.Close()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	c, err := newClient(server.URL, "test")
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, (&session{output: "table"}).followLog(t.Context(), c, &out, "/tasks/a~b/log/events"))
	require.Equal(t, "2026-03-01T12:00:00.500Z info    RunAgentPlaybook     web-1: one\n"+
		"2026-03-01T12:00:00.500Z info    RunAgentPlaybook     web-1: two\n", out.String())
	require.Equal(t, []string{"", "1/0/a.5.1=1@1", "1/0/a.5.1=1@1"}, places)
}

func TestFollowLog_UnknownTask(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	c, err := newClient(server.URL, "test")
	require.NoError(t, err)
	require.Error(t, (&session{}).followLog(t.Context(), c, &bytes.Buffer{}, "/tasks/a~b/log/events"))
}
