package cli

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// responses are the bodies of the manager in these tests, by path.
var responses = map[string]string{
	"/api/v1/apps": `{"items":[{"name":"zabbix","title":"Zabbix","version":"7.0","health":"Healthy","url":"http://zabbix.default.svc.mycloudmanager/"},
		{"name":"ntp","title":"NTP\u001b[31m","version":"4","health":"Progressing","reason":"1 of 2 replicas\nready","url":""}],"next_page_token":""}`,
	"/api/v1/instances": `{"items":[{"id":"i-1","name":"web-1","status":"ACTIVE","enrolled":true,"addresses":[{"address":"10.0.0.4","kind":"fixed","network":"n"}],"flavor":"m1.small",
		"distribution":"Debian 12","agents":[{"app":"ntp","state":"drifted","version":"4"}]}],"next_page_token":""}`,
	"/api/v1/backups": `{"items":[{"id":"s-1","instance":"i-1","instance_name":"web-1","plan":"p-1","plan_name":"nightly","task":"plan:p-1~r","method":"snapshot","created_at":"2026-11-25T02:30:00Z",
		"size_bytes":1024,"consistency":"cold","verify_status":"never","held":true}],"next_page_token":""}`,
	"/api/v1/backup-plans": `{"items":[{"id":"p-1","name":"nightly","instances":["i-1"],"method":"snapshot","schedule":{"frequency":"daily","time":"02:30","time_zone":"UTC"},
		"next_runs":["2026-11-26T02:30:00Z"],"missed_runs":1,"retention":{"daily":7},"last_run":{"task":"plan:p-1~r","status":"partially_failed","started_at":"2026-11-25T02:30:00Z"}}],"next_page_token":""}`,
	"/api/v1/backup-plans/p-1/runs": `{"items":[{"id":"plan:p-1~r","operation":"backup.run","title":"Back up","status":"partially_failed","message":"1 of 2 failed","started_at":"2026-11-25T02:30:00Z"}],"next_page_token":""}`,
	"/api/v1/tasks": `{"items":[{"id":"app:zabbix~r","operation":"app.launch","title":"Launch Zabbix","status":"running","actor":{"id":"u","name":"demo"},"via":"cli","started_at":"2026-11-25T02:30:00Z","message":"waiting"}],
		"next_page_token":""}`,
	"/api/v1/enrollment-tokens": `{"items":[{"id":"k7m2","label":"autoscaling","status":"active","max_uses":10,"uses_left":9,"created_at":"2026-11-25T02:30:00Z","expires_at":"2026-11-26T02:30:00Z",
		"created_by":{"id":"u","name":"demo"}}]}`,
	"/api/v1/audit": `{"items":[{"id":7,"time":"2026-11-25T02:30:00Z","actor":{"id":"u","name":"demo"},"via":"cli","operation":"app.launch","title":"Launch","targets":[{"kind":"app","id":"zabbix","name":"zabbix"}],
		"outcome":"succeeded","detail":"","source_ip":"127.0.0.1","task":"app:zabbix~r"}],"next_page_token":""}`,
	"/api/v1/notifications": `{"channels":[{"id":"mail","kind":"mail","address":"ops@example.org"}]}`,
	"/api/v1/stack/events":  `{"items":[{"id":"e-1","time":"2026-11-25T02:30:00Z","resource":"master_0","state":"CREATE_COMPLETE","reason":"state changed"}]}`,
}

// run executes one client command against a manager that returns responses.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return runAgainst(t, func(w http.ResponseWriter, r *http.Request) {
		body, ok := responses[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, body)
	}, args...)
}

// runAgainst executes one client command against a manager that responds with handler, and returns its output.
func runAgainst(t *testing.T, handler http.HandlerFunc, args ...string) (string, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	withoutEnvironment(t)
	return execute(t, append(slices.Clone(args), "--server", server.URL)...)
}

// execute executes one client command and returns its output.
func execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	for _, c := range Commands("test") {
		if c.Name() == args[0] {
			c.SetArgs(args[1:])
			c.SetOut(&out)
			c.SilenceUsage, c.SilenceErrors = true, true
			err := c.ExecuteContext(t.Context())
			return out.String(), err
		}
	}
	t.Fatalf("no command %s", args[0])
	return "", nil
}

// The output of the commands is a contract with scripts: run this test with -update when a change is meant.
func TestOutput_Golden(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	time.Local = time.UTC
	for _, command := range []string{"app list", "instance list", "instance show web-1", "backup list", "backup plan list", "backup plan show nightly", "backup plan runs nightly", "task list",
		"enrollment-token list", "audit list", "notification list", "stack events"} {
		for _, format := range formats {
			t.Run(command+" -o "+format, func(t *testing.T) {
				out, err := run(t, append(strings.Fields(command), "-o", format)...)
				require.NoError(t, err)
				file := filepath.Join("testdata", strings.ReplaceAll(command, " ", "-")+"."+format+".golden")
				if *update {
					require.NoError(t, os.WriteFile(file, []byte(out), 0o644))
				}
				want, err := os.ReadFile(file)
				require.NoError(t, err)
				require.Equal(t, string(want), out)
			})
		}
	}
}

func TestOutput_NoHeaders(t *testing.T) {
	out, err := run(t, "instance", "list", "--no-headers")
	require.NoError(t, err)
	require.Equal(t, "i-1  web-1  ACTIVE  yes  10.0.0.4  ntp(drifted)\n", out)
}

func TestOutput_UnknownFormat(t *testing.T) {
	_, err := run(t, "app", "list", "-o", "csv")
	require.EqualError(t, err, `--output "csv": use one of table, wide, json, yaml, name`)
}

func TestWatchChanges_PrintsOnlyChanges(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	texts := []string{"one\n", "one\n", "two\n"}
	var out bytes.Buffer
	calls := 0
	err := watchChanges(ctx, &out, time.Millisecond, func(w io.Writer) error {
		_, err := io.WriteString(w, texts[min(calls, len(texts)-1)])
		if calls++; calls == 4 {
			cancel()
		}
		return err
	})
	require.NoError(t, err)
	require.Equal(t, "one\n\ntwo\n", out.String())
}
