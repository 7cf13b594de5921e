package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/operation/temporal/temporaltest"
)

// disturb makes one in twenty of the manager's calls fail, and one token expire. Calls between the cloud's own
// services are excluded: real services retry them.
func (c *chaos) disturb(t *testing.T) {
	t.Helper()
	c.cloud.control(t, http.MethodDelete, "/faults", "")
	expiring := []string{"heat", "cinder", "neutron"}[c.keys%3]
	c.cloud.control(t, http.MethodPost, "/faults", fmt.Sprintf(`{"service":%q,"kind":"expire_token","path_regex":"/(stacks|volumes/detail|networks)","count":1}`, expiring))
	for _, rule := range []string{
		`"service":"heat"`, `"service":"keystone"`, `"service":"kubernetes"`,
		`"service":"cinder","path_regex":"/volumes(/detail)?$"`,
		`"service":"nova","method":"GET","path_regex":"/(servers/detail|limits|flavors/detail)$"`,
		`"service":"glance","path_regex":"/v2/images"`,
		`"service":"neutron","method":"GET","path_regex":"/v2.0/[a-z-]+$"`,
		`"service":"swift"`,
	} {
		c.cloud.control(t, http.MethodPost, "/faults", `{`+rule+`,"kind":"status","status":503,"probability":0.04,"count":-1}`)
		c.cloud.control(t, http.MethodPost, "/faults", `{`+rule+`,"kind":"drop","probability":0.01,"count":-1}`)
	}
}

// journey runs the main journey once: deploy, launch two apps, configure, uninstall, delete.
func (c *chaos) journey(t *testing.T, n int) {
	t.Helper()
	apps := []string{"zabbix", "ntp"}
	each := func(request func(app string) (method, path string, body any)) {
		var ids []string
		for _, app := range apps {
			method, path, body := request(app)
			ids = append(ids, c.begin(t, method, path, body))
		}
		for _, id := range ids {
			c.finish(t, id)
		}
	}
	c.finish(t, c.begin(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"}))
	require.Equal(t, 1, c.cloud.count(t, "heat", "stacks", `"toolbox"`))
	each(func(app string) (string, string, any) {
		return http.MethodPost, "/apps/" + app + "/launch", map[string]any{"volume_size_gb": 1}
	})
	for _, app := range apps {
		require.Equal(t, 1, c.cloud.count(t, "cinder", "volumes", `"mcm:app":"`+app+`"`), "one volume of %s", app)
		require.Equal(t, 1, c.cloud.count(t, "kube", "statefulsets", app))
	}
	each(func(app string) (string, string, any) {
		return http.MethodPut, "/apps/" + app + "/settings", c.settings(t, app, n)
	})
	c.backsFiles(t)
	each(func(app string) (string, string, any) {
		if app == "ntp" && n%2 == 0 { // its volume is reused in the next journey
			return http.MethodPost, "/apps/ntp/uninstall", map[string]any{}
		}
		return http.MethodPost, "/apps/" + app + "/uninstall", map[string]any{"delete_volume": true, "confirm": app}
	})
	c.finish(t, c.begin(t, http.MethodDelete, "/stack?confirm=toolbox", nil))
}

// settings returns the app's settings with one value changed.
func (c *chaos) settings(t *testing.T, app string, n int) any {
	t.Helper()
	var now struct {
		Settings struct {
			Environment map[string]any `json:"environment"`
			Parameters  map[string]any `json:"parameters"`
		} `json:"settings"`
	}
	c.ask(t, http.MethodGet, "/apps/"+app, nil, nil, http.StatusOK, &now)
	if app == "zabbix" {
		now.Settings.Parameters["pollers"] = 3 + n%7
	} else {
		now.Settings.Parameters["local_stratum"] = 5 + n%5
	}
	return now.Settings
}

// ask repeats a request, alternating between the APIs, until it returns the status. It waits out errors that
// clients should retry and logs in again when the session has ended; anything else fails the test.
func (c *chaos) ask(t *testing.T, method, path string, body any, header map[string]string, status int, into any) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for n := 0; time.Now().Before(deadline); n++ {
		who := c.who.at(c.apis[n%len(c.apis)])
		response, raw, err := who.send(t, method, path, body, header)
		switch {
		case err != nil || response.StatusCode == http.StatusServiceUnavailable || response.StatusCode == http.StatusTooManyRequests:
			time.Sleep(100 * time.Millisecond)
			continue
		case response.StatusCode == http.StatusUnauthorized && path != "/session":
			c.signIn(t)
			continue
		}
		require.Equal(t, status, response.StatusCode, "%s %s: %s", method, path, raw)
		if into != nil {
			require.NoError(t, json.Unmarshal(raw, into))
		}
		if path == "/session" {
			who.took(t, response, raw)
			c.who = who
		}
		return
	}
	require.Fail(t, "not answered", "%s %s", method, path)
}

func (c *chaos) signIn(t *testing.T) {
	t.Helper()
	c.who = &person{product: c.apis[0]}
	c.ask(t, http.MethodPost, "/session", map[string]any{"username": "demo", "password": "demo", "project": "demo"}, nil, http.StatusCreated, nil)
}

// begin starts a task. The response may be lost: because of the idempotency key, the repeated request returns
// the same task.
func (c *chaos) begin(t *testing.T, method, path string, body any) string {
	t.Helper()
	c.keys++
	var accepted task
	c.ask(t, method, path, body, map[string]string{"Idempotency-Key": fmt.Sprint("chaos-", c.keys)}, http.StatusAccepted, &accepted)
	require.NotContains(t, c.started, accepted.ID, "%s %s is a task of its own", method, path)
	c.started[accepted.ID] = method + " " + path
	return accepted.ID
}

// finish waits for the task's success. It retries a blocked task, as its message asks for.
func (c *chaos) finish(t *testing.T, id string) {
	t.Helper()
	shown, since := "", time.Now()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		var now task
		c.ask(t, http.MethodGet, "/tasks/"+id, nil, nil, http.StatusOK, &now)
		if sign := signOf(now); sign != "" && sign != shown {
			shown, since = sign, time.Now()
		}
		c.recordStall(since, now)
		switch now.Status {
		case "succeeded":
			return
		case "blocked":
			c.retry(t, now)
		case "failed", "cancelled", "timed_out", "partially_failed":
			raw, _ := json.MarshalIndent(now, "", " ")
			require.Fail(t, "a task has not succeeded", "%s: %s", c.started[id], raw)
		}
	}
	require.Fail(t, "a task has not ended", "%s %s", id, c.started[id])
}

// retry retries a blocked task. The task may already have resumed through an earlier request whose response was
// lost.
func (c *chaos) retry(t *testing.T, blocked task) {
	t.Helper()
	require.NotNil(t, blocked.Error)
	if blocked.Error.Code == "unauthorized" {
		c.signIn(t)
	}
	c.blocked++
	response, raw, err := c.who.send(t, http.MethodPost, "/tasks/"+blocked.ID+"/retry", nil, nil)
	if err == nil {
		require.Contains(t, []int{http.StatusAccepted, http.StatusConflict, http.StatusServiceUnavailable, http.StatusUnauthorized}, response.StatusCode, string(raw))
	}
}

// signOf identifies a task's progress: its steps and their messages. The failure of a dead worker's attempt is
// not progress; an attempt that the cloud refused is.
func signOf(now task) string {
	var out strings.Builder
	for _, s := range now.Steps {
		if s.Status == "queued" {
			continue
		}
		if strings.Contains(s.Message, "eartbeat timeout") {
			s.Message = ""
		}
		fmt.Fprintln(&out, s.Name, s.Status, s.Message)
	}
	return out.String()
}

// recordStall records how long a task has made no progress since the last kill.
func (c *chaos) recordStall(since time.Time, now task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.After(since) {
		since = c.last
	}
	if still := time.Since(since); still > c.stall && !c.last.IsZero() && now.Status != "blocked" {
		c.stall, c.stalled = still, now.Operation+": "+now.Message
	}
}

// holds checks the invariants between two journeys.
func (c *chaos) holds(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	require.NoError(t, c.failed)
	c.mu.Unlock()
	require.Eventually(t, func() bool { return maps.Equal(c.before, c.inventory(t)) }, 20*time.Second, 200*time.Millisecond, "what is left over: %v", c.left(t))
	c.tasksAre(t)
	c.auditIs(t)
}

// tasksAre compares the list of tasks with the accepted ones.
func (c *chaos) tasksAre(t *testing.T) {
	t.Helper()
	var listed []string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) { // visibility lags behind
		if listed = c.listed(t, c.since); len(listed) == len(c.started) {
			break
		}
	}
	var expected []string
	for id := range c.started {
		expected = append(expected, id+" succeeded")
	}
	require.ElementsMatch(t, expected, listed, "every accepted request is one task")
}

// listed reads all pages of the tasks since a time.
func (c *chaos) listed(t *testing.T, since time.Time) []string {
	t.Helper()
	var out []string
	for token := ""; ; {
		var page struct {
			Items []task `json:"items"`
			Next  string `json:"next_page_token"`
		}
		c.ask(t, http.MethodGet, "/tasks?page_size=50&since="+since.UTC().Format(time.RFC3339Nano)+"&page_token="+token, nil, nil, http.StatusOK, &page)
		for _, item := range page.Items {
			out = append(out, item.ID+" "+item.Status)
		}
		if token = page.Next; token == "" {
			return out
		}
	}
}

// auditIs checks the audit log: one start and one end per task, and an unbroken chain.
func (c *chaos) auditIs(t *testing.T) {
	t.Helper()
	outcomes := map[string][]string{}
	for token := ""; ; {
		var page struct {
			Items []struct{ Task, Outcome, Operation string } `json:"items"`
			Next  string                                      `json:"next_page_token"`
		}
		c.ask(t, http.MethodGet, "/audit?page_size=500&since="+c.since.UTC().Format(time.RFC3339Nano)+"&page_token="+token, nil, nil, http.StatusOK, &page)
		for _, r := range page.Items {
			if r.Task != "" && r.Operation != "task.retry" {
				outcomes[r.Task] = append(outcomes[r.Task], r.Outcome)
			}
		}
		if token = page.Next; token == "" {
			break
		}
	}
	for id, what := range c.started {
		require.ElementsMatch(t, []string{"started", "succeeded"}, outcomes[id], "%s %s", id, what)
	}
	require.Len(t, outcomes, len(c.started))
	p := c.apis[0]
	verify := exec.Command(temporaltest.Product(t), "audit", "verify")
	verify.Env = append(append(os.Environ(), "MCM_DATA_DIR="+p.dir+"/data"), p.environment...)
	out, err := verify.CombinedOutput()
	require.NoError(t, err, string(out))
}

// ofBackup matches the objects of a soft backup in the storage; logs and an empty repository are kept.
var ofBackup = regexp.MustCompile(`^(snapshots|locks|data)/|\.files\.jsonl\.gz$|^[0-9a-f-]{36}/[0-9a-f]{64}\.json$`)

// inventory counts the project's resources by type, without the volume that ntp retains.
func (c *chaos) inventory(t *testing.T) map[string]int {
	t.Helper()
	var state map[string]map[string][]struct {
		Name     string         `json:"name"`
		Metadata map[string]any `json:"metadata"`
	}
	require.NoError(t, json.Unmarshal(c.cloud.control(t, http.MethodGet, "/state", ""), &state))
	out := map[string]int{}
	kept := 0
	for service, types := range state {
		for kind, all := range types {
			if kind == "actions" { // the history of a server that is kept
				continue
			}
			for _, r := range all {
				if service == "swift" && !ofBackup.MatchString(r.Name) {
					continue
				}
				if kind == "volumes" && r.Metadata["mcm:app"] == "ntp" && kept == 0 {
					kept++
					continue
				}
				out[service+"/"+kind]++
			}
		}
	}
	return out
}

// left returns the types whose number of resources has changed.
func (c *chaos) left(t *testing.T) []string {
	t.Helper()
	now := c.inventory(t)
	for kind, n := range c.before {
		now[kind] -= n
	}
	maps.DeleteFunc(now, func(_ string, n int) bool { return n == 0 })
	var out []string
	for kind, n := range now {
		out = append(out, fmt.Sprintf("%s %+d", kind, n))
	}
	slices.Sort(out)
	return out
}
