package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sent is the request of a command that changes something.
type sent struct{ request, body string }

// record executes a command and returns the request with which it changed something.
func record(t *testing.T, args ...string) (sent, error) {
	t.Helper()
	var last sent
	_, err := runAgainst(t, func(w http.ResponseWriter, r *http.Request) {
		if body, ok := objects[r.URL.Path]; ok && r.Method == http.MethodGet {
			_, _ = io.WriteString(w, body)
			return
		}
		if r.Method == http.MethodGet {
			http.NotFound(w, r)
			return
		}
		raw, _ := io.ReadAll(r.Body)
		last = sent{request: r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api/v1"), body: string(raw)}
		if match := r.Header.Get("If-Match"); match != "" {
			last.request += " if " + match
		}
		_, _ = io.WriteString(w, `{"id":"a~b","title":"Change","status":"queued","ok":true}`)
	}, args...)
	return last, err
}

// objects are the objects of the manager of record, by path.
var objects = map[string]string{
	"/api/v1/apps/ntp":       `{"name":"ntp","etag":"e1","settings":{"environment":{},"parameters":{"servers":"a","size":64,"debug":false}}}`,
	"/api/v1/instances":      responses["/api/v1/instances"],
	"/api/v1/backup-plans":   responses["/api/v1/backup-plans"],
	"/api/v1/backups/image":  `{"id":"image","instance":"gone","instance_name":"old","method":"snapshot"}`,
	"/api/v1/backups/folder": `{"id":"folder","instance":"i-1","instance_name":"web-1","method":"soft"}`,
}

// Fields whose flag was not given are not sent: the manager has the defaults.
func TestCommands_SendWhatWasGiven(t *testing.T) {
	for command, want := range map[string]sent{
		"stack deploy": {"POST /stack", `{"name":"toolbox","preset":"small"}`},
		"stack deploy --nodes 0 --etcd 0 --masters 3":     {"POST /stack", `{"name":"toolbox","preset":"small","masters":3,"nodes":0,"etcd":0}`},
		"stack preflight --preset ha --key-pair k":        {"POST /stack/preflight", `{"name":"toolbox","preset":"ha","key_pair":"k"}`},
		"stack update --nodes 0":                          {"PATCH /stack", `{"nodes":0}`},
		"stack update --node-flavor big":                  {"PATCH /stack", `{"node_flavor":"big"}`},
		"stack delete --confirm tool&box":                 {"DELETE /stack?confirm=tool%26box", ``},
		"app launch ntp":                                  {"POST /apps/ntp/launch", `{}`},
		"app launch ntp --volume-size 5 --volume v":       {"POST /apps/ntp/launch", `{"volume_size_gb":5,"volume_id":"v"}`},
		"app uninstall ntp --delete-volume --confirm ntp": {"POST /apps/ntp/uninstall", `{"delete_volume":true,"confirm":"ntp"}`},
		"app configure ntp --set parameters.size=128 --set parameters.servers=5 --set parameters.debug=true --set environment.TZ=UTC": {
			"PUT /apps/ntp/settings if e1", `{"environment":{"TZ":"UTC"},"parameters":{"servers":"5","size":128,"debug":true}}`},
		"instance agent install web-1 ntp zabbix": {"POST /agents:batch",
			`{"instances":["i-1"],"apps":["ntp","zabbix"],"action":"install"}`},
		"instance unenroll web-1":    {"DELETE /instances/i-1", ``},
		"backup verify folder":       {"POST /backups/folder/verify", `{"restore_test":false}`},
		"backup release folder":      {"PUT /backups/folder/hold", `{"held":false}`},
		"backup plan pause nightly":  {"POST /backup-plans/p-1/pause", `{}`},
		"backup plan delete nightly": {"DELETE /backup-plans/p-1", ``},
		"backup plan run nightly":    {"POST /backup-plans/p-1/run", ``},
		"backup restore web-1 folder --path /etc": {"POST /instances/i-1/restore",
			`{"backup_id":"folder","paths":["/etc"],"confirm":"i-1"}`},
		"backup restore web-1 folder --target /": {"POST /instances/i-1/restore", `{"backup_id":"folder","target":"/"}`},
		"backup restore web-1 image --confirm web-1": {"POST /instances/i-1/restore",
			`{"backup_id":"image","confirm":"web-1"}`},
		"backup restore old image --new-server copy": {"POST /instances/gone/restore",
			`{"backup_id":"image","new_server_name":"copy"}`},
		"enrollment-token create --ttl 90s --instance web-1": {"POST /enrollment-tokens",
			`{"ttl_seconds":90,"max_uses":1,"instance_id":"i-1"}`},
		"enrollment-token create --agent ntp,zabbix --uses 2": {"POST /enrollment-tokens",
			`{"ttl_seconds":3600,"max_uses":2,"agents":["ntp","zabbix"]}`},
		"backup plan delete nightly --delete-backups --confirm nightly": {"DELETE /backup-plans/p-1?delete_backups=true", ``},
		"backup plan create --name n --instance web-1 --method soft --directory /etc --at 02:30 --zone UTC --catch-up 0 --keep-daily 0": {
			"POST /backup-plans",
			`{"name":"n","instances":["i-1"],"method":"soft","directories":["/etc"],` +
				`"schedule":{"frequency":"daily","time":"02:30","time_zone":"UTC"},"catch_up_seconds":0,"retention":{"daily":0}}`},
	} {
		t.Run(command, func(t *testing.T) {
			got, err := record(t, strings.Fields(command)...)
			require.NoError(t, err)
			require.Equal(t, want.request, got.request)
			if want.body == "" {
				require.Empty(t, got.body)
				return
			}
			require.JSONEq(t, want.body, got.body)
		})
	}
}

func TestCommands_RejectBeforeTheRequest(t *testing.T) {
	for command, want := range map[string]string{
		"app configure ntp --set size=1":                   "--set size=1: use parameters.name=value or environment.NAME=value",
		"app configure ntp --set parameters.size=big":      `--set parameters.size=big: "big" does not have the type of the setting`,
		"backup delete folder":                             "a deleted backup cannot be restored: confirm with --confirm folder",
		"backup restore web-1 image":                       "the disk of web-1 would be replaced: confirm with --confirm web-1",
		"backup restore mail image --new-server copy":      `instance "mail" not found`,
		"backup restore web-1 unknown":                     "404 Not Found",
		"backup plan delete nightly --delete-backups":      `deleted backups cannot be restored: confirm with --confirm "nightly"`,
		"backup plan create --name n":                      "the backup plan is incomplete: instances, method, schedule.frequency, schedule.time_zone missing",
		"audit list --since yesterday":                     `invalid argument "yesterday" for "--since" flag: use RFC 3339, for example 2026-11-25T02:30:00Z`,
		"backup plan create testdata/app-list.json.golden": `the backup plan is invalid: json: unknown field "items"`,
	} {
		t.Run(command, func(t *testing.T) {
			got, err := record(t, strings.Fields(command)...)
			require.EqualError(t, err, want)
			require.Empty(t, got)
		})
	}
}

// The manager rejects settings that are based on old ones: they are read again, and only the given ones are changed.
func TestConfigure_ReadsChangedSettingsAgain(t *testing.T) {
	reads := 0
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			reads++
			fmt.Fprintf(w, `{"etag":"e%d","settings":{"environment":{"READ":"%d"},"parameters":{}}}`, reads, reads)
		case r.Header.Get("If-Match") != "e2":
			w.WriteHeader(http.StatusPreconditionFailed)
		default:
			raw, _ := io.ReadAll(r.Body)
			body = string(raw)
			fmt.Fprint(w, `{"id":"a~b"}`)
		}
	}))
	defer server.Close()
	withoutEnvironment(t)
	c, err := newClient(server.URL, "test")
	require.NoError(t, err)
	task, err := configure(t.Context(), c, "ntp", []string{"environment.TZ=UTC"}, time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, "a~b", task.ID)
	require.JSONEq(t, `{"environment":{"READ":"2","TZ":"UTC"},"parameters":{}}`, body)

	_, err = configure(t.Context(), c, "ntp", []string{"environment.TZ=UTC"}, time.Millisecond)
	require.EqualError(t, err, "412 Precondition Failed")
	require.Equal(t, 2+configureAttempts, reads)
}

func TestFilters(t *testing.T) {
	for command, want := range map[string]string{
		"audit list": "/audit?page_size=100",
		"audit list --limit 5 --via cli --outcome failed --since 2026-11-25T02:30:00+01:00": "/audit?outcome=failed&page_size=5&since=2026-11-25T02%3A30%3A00%2B01%3A00&via=cli",
		"audit export --search x --until 2026-11-25T02:30:00Z":                              "/audit/export?format=csv&q=x&until=2026-11-25T02%3A30%3A00Z",
		"task list --status running --target app:ntp":                                       "/tasks?status=running&target=app%3Antp",
		"instance list --enrolled true":                                                     "/instances?enrolled=true&page_size=500&page_token=",
		"backup list --method soft":                                                         "/backups?method=soft&page_size=500&page_token=",
		"backup files b":                                                                    "/backups/b/files?page_size=500&page_token=&path=%2F",
	} {
		t.Run(command, func(t *testing.T) {
			got := ""
			_, err := runAgainst(t, func(w http.ResponseWriter, r *http.Request) {
				got = strings.TrimPrefix(r.URL.RequestURI(), "/api/v1")
				_, _ = io.WriteString(w, "{}")
			}, strings.Fields(command)...)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

// The exit code of --wait is the outcome of the task.
func TestStarting_Wait(t *testing.T) {
	for status, want := range map[string]struct {
		code int
		text string
	}{
		"succeeded":        {0, "Stop NTP: succeeded\n"},
		"cancelled":        {exitCancelled, "Stop NTP: cancelled"},
		"blocked":          {exitBlocked, "Stop NTP: blocked: no space; resolve the cause, then run: mcm task retry a~b"},
		"failed":           {exitFailed, "Stop NTP: failed: no space"},
		"partially_failed": {exitFailed, "Stop NTP: partially_failed: no space"},
	} {
		t.Run(status, func(t *testing.T) {
			var out string
			var err error
			progress := stderr(t, func() {
				out, err = runAgainst(t, func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						fmt.Fprint(w, `{"id":"a~b","title":"Stop NTP","status":"queued"}`)
						return
					}
					for i, s := range []string{"running", status} {
						raw, _ := json.Marshal(map[string]any{"id": "a~b", "title": "Stop NTP", "status": s, "message": "no space",
							"steps": []any{map[string]any{"name": "Scale", "title": "Scale to 0", "status": "running", "started_at": "2026-11-25T02:30:00Z"}}})
						fmt.Fprintf(w, "id: %d\nevent: task\ndata: %s\n\n", i, raw)
					}
				}, "app", "stop", "ntp", "--wait")
			})
			require.Equal(t, "… Scale to 0\n", progress)
			if want.code == 0 {
				require.NoError(t, err)
				require.Equal(t, want.text, out)
				return
			}
			require.EqualError(t, err, want.text)
			require.Equal(t, want.code, ExitCode(err))
		})
	}
}
