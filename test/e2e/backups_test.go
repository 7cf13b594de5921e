package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type plan struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	NextRuns []string `json:"next_runs"`
	Paused   bool     `json:"paused"`
	Missed   int      `json:"missed_runs"`
	ETag     string   `json:"etag"`
	LastRun  *struct{ Task, Status string }
}

type backupOf struct {
	ID       string `json:"id"`
	Instance string `json:"instance"`
	Plan     string `json:"plan"`
	Task     string `json:"task"`
	Method   string `json:"method"`
	Verify   string `json:"verify_status"`
	Safety   bool   `json:"pre_restore"`
	Held     bool   `json:"held"`
	Size     int64  `json:"size_bytes"`
	Changed  int64  `json:"changed_bytes"`
}

func (w *person) backups(t *testing.T, query string) []backupOf {
	t.Helper()
	var page struct{ Items []backupOf }
	w.get(t, "/backups?page_size=500"+query, &page)
	return page.Items
}

// nightly returns a snapshot plan whose schedule is never due during the test.
func nightly(name string, keep int, instances ...string) map[string]any {
	return map[string]any{"name": name, "method": "snapshot", "instances": instances, "retention": map[string]any{"keep_last": keep},
		"schedule": map[string]any{"frequency": "monthly", "day_of_month": (time.Now().Day()+14)%28 + 1, "time": "04:00", "time_zone": "Europe/Paris"}}
}

func (w *person) plan(t testing.TB, body map[string]any) plan {
	t.Helper()
	var p plan
	response, raw := w.do(t, http.MethodPost, "/backup-plans", body, nil)
	require.Equal(t, http.StatusCreated, response.StatusCode, string(raw))
	w.get(t, responseID(t, raw, "/backup-plans/"), &p)
	return p
}

// TestBackups creates a plan, runs it, verifies a backup, restores from it and deletes everything; another plan
// runs on schedule.
func TestBackups(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	p.arguments = []string{"sandbox"}
	p.environment = []string{"MCM_SANDBOX_LISTEN=" + p.sandbox, "MCM_SANDBOX_SPEED=20"}
	p.up(t)
	t.Cleanup(func() { p.down(t) })
	demo := p.signIn(t, "demo")
	web, db := demo.instance(t, "web-1"), demo.instance(t, "db-1")
	each := nightly("each minute", 1, db.ID)
	each["schedule"] = map[string]any{"frequency": "cron", "cron": "* * * * *", "time_zone": "Europe/Paris"}
	scheduled := demo.plan(t, each)
	made := demo.plan(t, nightly("web servers", 2, web.ID))
	require.Len(t, made.NextRuns, 10)

	first := demo.work(t, http.MethodPost, "/backup-plans/"+made.ID+"/run", nil)
	list := demo.backups(t, "&plan="+made.ID)
	require.Len(t, list, 1)
	require.Equal(t, first.ID, list[0].Task)
	require.Positive(t, list[0].Size)
	require.Equal(t, "ACTIVE", demo.instance(t, "web-1").Status)
	require.Eventually(t, func() bool { return demo.lists(t, "/backup-plans/"+made.ID+"/runs", first.ID) }, 5*time.Second, 100*time.Millisecond)
	demo.work(t, http.MethodPost, "/backups/"+list[0].ID+"/verify", nil)
	require.Equal(t, "ok", demo.backups(t, "&plan="+made.ID)[0].Verify)
	restores(t, demo, web, list[0])
	retains(t, demo, made, list[0])
	edits(t, demo, made)
	runsByItself(t, demo, scheduled)

	response, raw := demo.do(t, http.MethodDelete, "/backup-plans/"+made.ID+"?delete_backups=true", nil, nil)
	require.Equal(t, http.StatusNoContent, response.StatusCode, string(raw))
	demo.end(t, taskOf(response.Header.Get("Location")), "succeeded")
	for _, b := range demo.backups(t, "&plan="+made.ID) {
		require.True(t, b.Held, "only what is held is left")
	}
}

// lists reports whether a list contains an id.
func (w *person) lists(t *testing.T, path, id string) bool {
	t.Helper()
	var page struct{ Items []struct{ ID string } }
	w.get(t, path, &page)
	return slices.ContainsFunc(page.Items, func(i struct{ ID string }) bool { return i.ID == id })
}

func restores(t *testing.T, demo *person, web instance, b backupOf) {
	t.Helper()
	response, raw := demo.do(t, http.MethodPost, "/instances/"+web.ID+"/restore", map[string]any{"backup_id": b.ID, "confirm": "another"}, nil)
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode, string(raw))
	done := demo.work(t, http.MethodPost, "/instances/"+web.ID+"/restore", map[string]any{"backup_id": b.ID, "confirm": "web-1"})
	safety, _ := done.Result["safety_backup"].(string)
	var points struct{ Items []backupOf }
	demo.get(t, "/instances/"+web.ID+"/restore-points", &points)
	require.Len(t, points.Items, 2)
	require.Equal(t, safety, points.Items[0].ID)
	require.True(t, points.Items[0].Safety)
	require.Equal(t, "ACTIVE", demo.instance(t, "web-1").Status)
	demo.work(t, http.MethodDelete, "/backups/"+safety, nil)
}

// retains runs the plan until the oldest backup, which is held, would be pruned, and then until another one is.
func retains(t *testing.T, demo *person, made plan, oldest backupOf) {
	t.Helper()
	response, raw := demo.do(t, http.MethodPut, "/backups/"+oldest.ID+"/hold", map[string]any{"held": true}, nil)
	require.Equal(t, http.StatusOK, response.StatusCode, string(raw))
	for range 3 {
		demo.work(t, http.MethodPost, "/backup-plans/"+made.ID+"/run", nil)
	}
	require.Eventually(t, func() bool { return len(demo.backups(t, "&plan="+made.ID)) == 3 }, 20*time.Second, 100*time.Millisecond, "two are kept and one is held")
	response, raw = demo.do(t, http.MethodDelete, "/backups/"+oldest.ID, nil, nil)
	require.Equal(t, http.StatusConflict, response.StatusCode, string(raw))
	var preview struct{ Items []struct{ Reason string } }
	demo.get(t, "/backup-plans/"+made.ID+"/retention", &preview)
	require.Len(t, preview.Items, 3)
	require.Equal(t, "held", preview.Items[2].Reason)
}

func edits(t *testing.T, demo *person, made plan) {
	t.Helper()
	body := nightly("renamed", 2, demo.instance(t, "web-1").ID)
	response, raw := demo.do(t, http.MethodPut, "/backup-plans/"+made.ID, body, map[string]string{"If-Match": made.ETag})
	require.Equal(t, http.StatusOK, response.StatusCode, string(raw))
	response, raw = demo.do(t, http.MethodPut, "/backup-plans/"+made.ID, body, map[string]string{"If-Match": made.ETag})
	require.Equal(t, http.StatusPreconditionFailed, response.StatusCode, string(raw))
	response, raw = demo.do(t, http.MethodPost, "/backup-plans/"+made.ID+"/pause", map[string]any{"note": "moving house"}, nil)
	require.Equal(t, http.StatusOK, response.StatusCode, string(raw))
	var now plan
	demo.get(t, "/backup-plans/"+made.ID, &now)
	require.True(t, now.Paused)
	require.Empty(t, now.NextRuns)
	require.Equal(t, "renamed", now.Name)
}

// runsByItself waits for a scheduled run and pauses the plan.
func runsByItself(t *testing.T, demo *person, p plan) {
	t.Helper()
	var runs struct {
		Items []struct{ ID, Via, Status string }
	}
	require.Eventually(t, func() bool {
		demo.get(t, "/backup-plans/"+p.ID+"/runs", &runs)
		return len(runs.Items) > 0
	}, 90*time.Second, 500*time.Millisecond)
	first := runs.Items[len(runs.Items)-1]
	require.Equal(t, "schedule", first.Via)
	demo.end(t, first.ID, "succeeded")
	response, raw := demo.do(t, http.MethodPost, "/backup-plans/"+p.ID+"/pause", nil, nil)
	require.Equal(t, http.StatusOK, response.StatusCode, string(raw))
	require.NotEmpty(t, demo.backups(t, "&plan="+p.ID))
	var audit struct {
		Items []struct{ Operation, Outcome, Via string }
	}
	demo.get(t, "/audit?operation=backup.run&via=schedule", &audit)
	require.NotEmpty(t, audit.Items, "the schedule's runs are audited")
}

// backs is the backup part of a chaos journey: it runs the plan, restores a backup, and deletes everything
// again.
func (c *chaos) backs(t *testing.T) {
	t.Helper()
	c.finish(t, c.begin(t, http.MethodPost, "/backup-plans/"+c.plan.ID+"/run", map[string]any{}))
	var made struct{ Items []backupOf }
	list := func() { c.ask(t, http.MethodGet, "/backups?method=snapshot", nil, nil, http.StatusOK, &made) }
	list()
	require.Len(t, made.Items, len(c.protected), "one backup of each instance")
	for _, b := range made.Items {
		if b.Instance == c.protected[0] {
			c.finish(t, c.begin(t, http.MethodPost, "/instances/"+b.Instance+"/restore", map[string]any{"backup_id": b.ID, "confirm": b.Instance}))
		}
	}
	for _, id := range c.protected {
		var now instance
		c.ask(t, http.MethodGet, "/instances/"+id, nil, nil, http.StatusOK, &now)
		require.Equal(t, "ACTIVE", now.Status, "%s is never left shut off", now.Name)
	}
	list()
	require.Len(t, made.Items, len(c.protected)+1, "and what was there before the restore")
	for _, b := range made.Items {
		c.finish(t, c.begin(t, http.MethodDelete, "/backups/"+b.ID, nil))
	}
}

// protect creates the plan of the journeys before the faults start.
func (c *chaos) protect(t *testing.T) {
	t.Helper()
	for _, name := range []string{"web-2", "mail-1"} {
		c.protected = append(c.protected, c.who.instance(t, name).ID)
	}
	c.plan = c.who.plan(t, nightly(fmt.Sprintf("chaos %d", c.seed), 0, c.protected...))
	web := c.who.instance(t, "web-1")
	if !web.Enrolled { // with replicas, no instance is enrolled from the start
		return
	}
	c.filed = web.ID
	c.soft = c.who.plan(t, files(fmt.Sprintf("chaotic files %d", c.seed), 0, c.filed))
}

// backsFiles does the same for the files of an instance, while the stack that connects to it exists.
func (c *chaos) backsFiles(t *testing.T) {
	t.Helper()
	if c.filed == "" {
		return
	}
	c.finish(t, c.begin(t, http.MethodPost, "/instances/"+c.filed+"/connect", nil))
	run := c.begin(t, http.MethodPost, "/backup-plans/"+c.soft.ID+"/run", map[string]any{})
	c.finish(t, run)
	var made struct{ Items []backupOf }
	c.ask(t, http.MethodGet, "/backups?method=soft", nil, nil, http.StatusOK, &made)
	require.Len(t, made.Items, 1, "one backup, however often it was begun")
	require.Equal(t, run, made.Items[0].Task)
	require.Equal(t, 1, c.cloud.count(t, "swift", "objects", `"name":"snapshots/`))
	c.finish(t, c.begin(t, http.MethodPost, "/instances/"+c.filed+"/restore", map[string]any{"backup_id": made.Items[0].ID, "confirm": c.filed}))
	require.Zero(t, c.cloud.count(t, "swift", "objects", `"name":"locks/`), "no engine is left at work")
	c.finish(t, c.begin(t, http.MethodDelete, "/backups/"+made.Items[0].ID, nil))
}
