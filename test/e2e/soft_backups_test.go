package e2e_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// files returns a plan of soft backups whose schedule is never due during the test.
func files(name string, keep int, instances ...string) map[string]any {
	p := nightly(name, keep, instances...)
	p["method"], p["directories"] = "soft", []string{"/data", "/config"}
	p["soft"] = map[string]any{"excludes": []string{"image-*"}, "pre_hook": "echo dumped"}
	return p
}

// TestSoftBackups backs up the files of instances, lists them, verifies and restores a backup, and deletes
// everything.
func TestSoftBackups(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	p.arguments = []string{"sandbox"}
	p.environment = []string{"MCM_SANDBOX_LISTEN=" + p.sandbox, "MCM_SANDBOX_SPEED=50"}
	p.up(t)
	t.Cleanup(func() { p.down(t) })
	demo := p.signIn(t, "demo")
	web, db := demo.instance(t, "web-1"), demo.instance(t, "db-1")
	demo.work(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"})
	for _, i := range []instance{web, db} {
		demo.work(t, http.MethodPost, "/instances/"+i.ID+"/connect", nil)
	}
	refusesPlans(t, demo, web)
	made := demo.plan(t, files("files", 2, web.ID, db.ID))
	first := demo.work(t, http.MethodPost, "/backup-plans/"+made.ID+"/run", nil)
	second := demo.work(t, http.MethodPost, "/backup-plans/"+made.ID+"/run", nil)
	of := map[string]backupOf{}
	for _, b := range demo.backups(t, "&method=soft&instance="+web.ID) {
		of[b.Task] = b
	}
	require.Len(t, of, 2)
	require.Len(t, demo.backups(t, "&plan="+made.ID), 4)
	one, two := of[first.ID], of[second.ID]
	require.Greater(t, one.Changed, int64(1<<19))
	require.Less(t, two.Changed, one.Changed/10, "the second has only what is new")
	require.Greater(t, two.Size, int64(1<<20))

	browses(t, demo, one)
	verifies(t, demo, one)
	restoresDirectory(t, demo, web, one)
	forgets(t, demo, made, one, two)
	logsAndAudit(t, demo, first.ID)
	chains(t, p, demo, web)

	response, raw := demo.do(t, http.MethodDelete, "/backup-plans/"+made.ID+"?delete_backups=true", nil, nil)
	require.Equal(t, http.StatusNoContent, response.StatusCode, string(raw))
	demo.end(t, taskOf(response.Header.Get("Location")), "succeeded")
	require.Empty(t, demo.backups(t, "&plan="+made.ID))
	require.Zero(t, p.count(t, "swift", "objects", `"name":"data/`), "no data is left")
}

// refusesPlans asks for what could never run.
func refusesPlans(t *testing.T, demo *person, web instance) {
	t.Helper()
	for field, change := range map[string]func(map[string]any){
		"directories": func(p map[string]any) { p["directories"] = []string{"data"} },
		"soft.engine": func(p map[string]any) { p["soft"] = map[string]any{"engine": "tar"} },
		"instances":   func(p map[string]any) { p["instances"] = []string{demo.instance(t, "web-2").ID} },
	} {
		body := files("refused", 0, web.ID)
		change(body)
		response, raw := demo.do(t, http.MethodPost, "/backup-plans", body, nil)
		require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode, string(raw))
		require.Contains(t, string(raw), field)
	}
}

// browses walks through what a backup holds, without its instance.
func browses(t *testing.T, demo *person, b backupOf) {
	t.Helper()
	list := func(dir, query string, more string) (paths []string) {
		var page struct {
			Items []struct{ Path, Type string }
			Next  string `json:"next_page_token"`
		}
		demo.get(t, "/backups/"+b.ID+"/files?path="+url.QueryEscape(dir)+"&q="+url.QueryEscape(query)+more, &page)
		for _, e := range page.Items {
			paths = append(paths, e.Path)
		}
		return paths
	}
	require.Equal(t, []string{"/config", "/data"}, list("/", "", ""))
	require.Contains(t, list("/data", "", ""), "/data/médias")
	require.Len(t, list("/data", "", "&page_size=2"), 2)
	found := list("/data", "REPORT", "")
	require.NotEmpty(t, found)
	require.Contains(t, found[0], "report-")
	require.Empty(t, list("/", "image-", ""), "they were excluded")
	require.Empty(t, list("/nothing", "", ""))
}

// verifies verifies a backup, then with a test restore.
func verifies(t *testing.T, demo *person, b backupOf) {
	t.Helper()
	var now struct {
		Verify string `json:"verify_status"`
		Tested string `json:"last_restore_test_at"`
	}
	demo.work(t, http.MethodPost, "/backups/"+b.ID+"/verify", nil)
	demo.get(t, "/backups/"+b.ID, &now)
	require.Equal(t, "ok", now.Verify)
	require.Empty(t, now.Tested)
	demo.work(t, http.MethodPost, "/backups/"+b.ID+"/verify", map[string]any{"restore_test": true})
	demo.get(t, "/backups/"+b.ID, &now)
	require.Equal(t, "ok", now.Verify)
	require.NotEmpty(t, now.Tested)
}

// restoresDirectory restores one directory next to the existing one.
func restoresDirectory(t *testing.T, demo *person, web instance, b backupOf) {
	t.Helper()
	body := map[string]any{"backup_id": b.ID, "confirm": "web-1", "paths": []string{"/data/orders"}}
	path := "/instances/" + web.ID + "/restore"
	for range 2 { // what the first has brought is not touched by the second
		done := demo.work(t, http.MethodPost, path, body)
		require.Equal(t, true, done.Result["checked"])
		require.Greater(t, done.Result["files"], 8.0)
		require.Greater(t, done.Result["bytes"], 1000.0)
		require.Contains(t, []any{"/restore", "/restore.1"}, done.Result["target"])
	}
	body["paths"] = []string{"/nothing"}
	missing := demo.end(t, demo.begin(t, http.MethodPost, path, body, nil).ID, "failed")
	require.Equal(t, "the backup has none of the paths that were asked for", missing.Error.Detail)
	body["target"] = "relative"
	response, raw := demo.do(t, http.MethodPost, path, body, nil)
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode, string(raw))
}

// forgets lets the plan's retention delete what is not held, and a person what they do not want.
func forgets(t *testing.T, demo *person, made plan, one, two backupOf) {
	t.Helper()
	response, raw := demo.do(t, http.MethodPut, "/backups/"+one.ID+"/hold", map[string]any{"held": true}, nil)
	require.Equal(t, http.StatusOK, response.StatusCode, string(raw))
	response, raw = demo.do(t, http.MethodDelete, "/backups/"+one.ID, nil, nil)
	require.Equal(t, http.StatusConflict, response.StatusCode, string(raw))
	for range 2 {
		demo.work(t, http.MethodPost, "/backup-plans/"+made.ID+"/run", nil)
	}
	require.Eventually(t, func() bool { return len(demo.backups(t, "&plan="+made.ID)) == 5 }, 30*time.Second, 100*time.Millisecond,
		"two of each instance are kept, and one is held")
	response, _ = demo.do(t, http.MethodGet, "/backups/"+two.ID, nil, nil)
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	demo.work(t, http.MethodPost, "/backups/"+one.ID+"/verify", map[string]any{"restore_test": true}) // what was forgotten was not its own
	response, raw = demo.do(t, http.MethodPut, "/backups/"+one.ID+"/hold", map[string]any{"held": false}, nil)
	require.Equal(t, http.StatusOK, response.StatusCode, string(raw))
	demo.work(t, http.MethodDelete, "/backups/"+one.ID, nil)
	require.Len(t, demo.backups(t, "&plan="+made.ID), 4)
}

// logsAndAudit checks the records of the run: the audit log and the engine's output.
func logsAndAudit(t *testing.T, demo *person, run string) {
	t.Helper()
	_, raw := demo.do(t, http.MethodGet, "/audit?page_size=500", nil, nil)
	for _, operation := range []string{"plan.create", "backup.run", "backup.verify", "backup.hold", "backup.prune", "instance.restore"} {
		require.Contains(t, string(raw), `"operation":"`+operation+`"`)
	}
	response, raw := demo.do(t, http.MethodGet, "/tasks/"+run+"/log", nil, nil)
	require.Equal(t, http.StatusOK, response.StatusCode)
	for _, line := range []string{"restic 0.14.0", "dumped", "new in the storage"} {
		require.Contains(t, string(raw), line)
	}
}

// Whatever dies while files are backed up or brought back: there is one outcome, one snapshot, and no engine
// is left at work.
func TestSoftBackupsSurviveKills(t *testing.T) {
	t.Parallel()
	p := start(t)
	demo := p.signIn(t, "demo")
	web := demo.instance(t, "web-1")
	demo.work(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"})
	demo.work(t, http.MethodPost, "/instances/"+web.ID+"/connect", nil)
	made := demo.plan(t, files("files", 0, web.ID))
	atWork := func() bool { return p.count(t, "swift", "objects", `"name":"locks/`) > 0 }
	manager := func() { require.NoError(t, killProduct(t, p)(0)) }
	temporal := func() {
		require.NoError(t, killChild(func() int { return p.process.Process.Pid }, "mcm-temporal")(0))
	}
	struck := func(id string, kill func()) task {
		require.Eventually(t, atWork, time.Minute, 5*time.Millisecond, "the engine is at work")
		kill()
		require.Eventually(t, p.ready, time.Minute, 50*time.Millisecond)
		done := demo.end(t, id, "succeeded")
		require.False(t, atWork(), "no engine is left")
		return done
	}
	for runs, kill := range []func(){manager, temporal} {
		run := demo.begin(t, http.MethodPost, "/backup-plans/"+made.ID+"/run", nil, nil)
		struck(run.ID, kill)
		list := demo.backups(t, "&plan="+made.ID)
		require.Len(t, list, runs+1)
		require.Equal(t, run.ID, list[0].Task)
		require.Equal(t, runs+1, p.count(t, "swift", "objects", `"name":"snapshots/`), "none is doubled")

		body := map[string]any{"backup_id": list[0].ID, "confirm": "web-1", "target": "/back-" + strconv.Itoa(runs)}
		restore := demo.begin(t, http.MethodPost, "/instances/"+web.ID+"/restore", body, nil)
		done := struck(restore.ID, kill)
		require.Equal(t, true, done.Result["checked"])
	}
	for _, b := range demo.backups(t, "&plan="+made.ID) {
		demo.work(t, http.MethodDelete, "/backups/"+b.ID, nil)
	}
	require.Zero(t, p.count(t, "swift", "objects", `"name":"data/`))
	require.Equal(t, 1, p.count(t, "swift", "containers", "mcm-files-"), "one repository of one instance")
}
