//go:build acceptance

package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup/backuptest"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/test/acceptance/hosts/hostlab"
)

// dress creates one of each kind of file that a backup may lose on a host.
const dress = `set -e
rm -rf /srv/data /restore* && mkdir -p /srv/data/many /srv/data/empty '/srv/data/ünï çode' && cd /srv/data
for i in $(seq 300); do seq $i 400 >many/$i.txt; done
head -c 3000000 /dev/urandom >random.bin
echo one >a.txt && ln a.txt b.txt && ln -s a.txt link && ln -s /nowhere broken
echo text >'ünï çode/日本.txt'
echo quoted >"odd [1]*?\$(id) 'q\" x.txt"
printf '#!/bin/sh\n' >run.sh && chmod 4755 run.sh && chmod 700 empty
truncate -s 20M sparse.img && printf end >>sparse.img
echo none >skip.cache
groupadd -f -g 4321 data && chown 1234:4321 a.txt && chown -h 77:78 link && chown -R 1234 many
touch -d '2020-02-03 04:05:06.123456789Z' a.txt sparse.img empty
echo %d >number`

// changes are applied between the backups, one each.
var changes = []string{
	":",
	"cd /srv/data && seq 5000 >>many/1.txt && head -c 200000 /dev/urandom >new.bin",
	"cd /srv/data && rm many/2.txt && mv many/3.txt moved.txt && chmod 600 many/4.txt && chown 5:5 many/5.txt",
	"cd /srv/data && echo encore >'ünï çode/é.txt' && touch -d 2001-01-01 many/6.txt && truncate -s 0 many/7.txt && ln random.bin again.bin",
}

// manifest prints everything that a backup must preserve of the files in a directory.
func manifest(dir string) string {
	return `cd "` + dir + `" && find . ! -name '*.cache' ! -name .mcm-restore ! -type d -printf '%P|%y|%m|%U:%G|%T@|%s|%l\n' | sort
find . -type d ! -path . -printf '%P|d|%m|%U:%G|%T@\n' | sort
find . -type f ! -name '*.cache' -exec sha256sum {} + | sort -k2
find . -type f -links +1 -printf '%n %P\n' | sort -k2
find . -type f -size +5M -printf '%S %P\n' | awk '{ print ($1 < 0.5 ? "sparse" : "full"), $2 }'`
}

// engineOnHosts is a backup engine with its particulars; the test is the same for each.
type engineOnHosts struct {
	name, container string
	data            func(plan string) string // common prefix of its objects
	runbook         string                   // its section of the runbook
	lossy           bool
}

var (
	resticOnHosts = engineOnHosts{name: "restic", container: "mcm-files-", data: func(string) string { return "data/" }, runbook: "## Restore"}
	// duplicity keeps times in whole seconds and without those of links, and stores a file with two names
	// twice.
	duplicityOnHosts = engineOnHosts{name: "duplicity", container: "mcm-duplicity-", data: func(plan string) string { return plan + "/" }, runbook: "## Restore what duplicity has made", lossy: true}
)

// files returns the manifest of a directory on a host.
func (e engineOnHosts) files(t *testing.T, n int, dir string) string {
	t.Helper()
	return e.kept(hostlab.MustOn(t, n, manifest(dir)))
}

var (
	linkTime   = regexp.MustCompile(`(?m)(\|l\|\d+\|\d+:\d+\|)[\d.]+`)
	fractions  = regexp.MustCompile(`(?m)\|(\d+)\.\d+(\||$)`)
	otherNames = regexp.MustCompile(`(?m)^\d{1,3} .*\n?`)
)

func (e engineOnHosts) kept(manifest string) string {
	if !e.lossy {
		return manifest
	}
	return otherNames.ReplaceAllString(fractions.ReplaceAllString(linkTime.ReplaceAllString(manifest, "$1"), "|$1$2"), "")
}

// backUpFilesBy backs up the files of all hosts four times with changes in between, once while everything is
// killed. It restores them completely, by path, in place, onto another host, and without the manager.
func backUpFilesBy(e engineOnHosts) func(*testing.T, *hostSet) {
	return func(t *testing.T, h *hostSet) {
		for _, n := range h.numbers() {
			hostlab.MustOn(t, n, fmt.Sprintf(dress, n))
		}
		body := files(e.name, 0, h.ids[1:]...)
		body["directories"] = []string{"/srv/data"}
		body["soft"] = map[string]any{"engine": e.name, "excludes": []string{"*.cache"}, "pre_hook": "date +%s.%N >/srv/data/dumped"}
		made := h.plan(t, body)
		points, was := h.backUpChanges(t, e, made)
		last := len(changes) - 1
		for i := range changes {
			require.Equal(t, was[i][1], h.bringBack(t, e, 1, points[i][1], "/restore-"+fmt.Sprint(i)), "backup %d of %d", i+1, len(changes))
		}
		for _, n := range h.numbers()[1:] {
			require.Equal(t, was[last][n], h.bringBack(t, e, n, points[last][n], "/restore"), hostlab.Name(n))
		}
		h.chosen(t, e, points[last][2])
		h.inPlace(t, e, points[last][1], was[last][1])
		require.Equal(t, was[0][1], h.bringBack(t, e, 2, points[0][1], "/restore-of-another"), "onto another host")
		h.endWithin(t, h.begin(t, http.MethodPost, "/backups/"+points[last][1].ID+"/verify", nil, nil).ID, "succeeded", 5*time.Minute)
		h.endWithin(t, h.begin(t, http.MethodPost, "/backups/"+points[0][2].ID+"/verify", map[string]any{"restore_test": true}, nil).ID, "succeeded", 5*time.Minute)
		h.withoutManager(t, e, points[last][1], was[last][1])
		h.deletePlan(t, made)
		var objects []map[string]any
		openstack(t, &objects, "object", "list", e.container+h.ids[1], "--prefix", e.data(made.ID))
		require.Empty(t, objects, "no data is left")
	}
}

// backUpChanges makes the backups and returns the state of each host at each backup.
func (h *hostSet) backUpChanges(t *testing.T, e engineOnHosts, made plan) (points []map[int]backupOf, was []map[int]string) {
	t.Helper()
	for i, change := range changes {
		for _, n := range h.numbers() {
			hostlab.MustOn(t, n, change)
		}
		points, was = append(points, h.backUp(t, made, i == 2)), append(was, map[int]string{})
		for _, n := range h.numbers() {
			was[i][n] = e.files(t, n, "/srv/data")
			require.Contains(t, was[i][n], "dumped", "the command before has run")
			twice := e.lossy && strings.Contains(change, "ln ") // duplicity stores a second name as a second file
			if i > 0 && !twice {
				require.Less(t, points[i][n].Changed, points[0][n].Changed/2, "only what is new is stored")
			}
		}
	}
	return points, was
}

// backUp runs the plan and returns the backup of each host.
func (h *hostSet) backUp(t *testing.T, made plan, killed bool) map[int]backupOf {
	t.Helper()
	began := time.Now()
	run := h.begin(t, http.MethodPost, "/backup-plans/"+made.ID+"/run", nil, nil).ID
	if killed {
		h.killAfter(t, time.Duration(rand.Int64N(int64(4*time.Second))))
	}
	h.endWithin(t, run, "succeeded", 10*time.Minute)
	t.Logf("%s on %d hosts, killed=%v: %s", made.Name, len(h.numbers()), killed, time.Since(began).Round(100*time.Millisecond))
	out := map[int]backupOf{}
	for _, b := range h.backups(t, "&plan="+made.ID) {
		for _, n := range h.numbers() {
			if b.Task == run && b.Instance == h.ids[n] {
				require.Empty(t, out[n].ID, "a backup is doubled")
				out[n] = b
			}
		}
	}
	require.Len(t, out, len(h.numbers()))
	return out
}

// restoreTo restores files onto a host.
func (h *hostSet) restoreTo(t *testing.T, n int, b backupOf, target string, paths ...string) task {
	t.Helper()
	began := time.Now()
	body := map[string]any{"backup_id": b.ID, "confirm": hostlab.Name(n), "target": target}
	if len(paths) > 0 {
		body["paths"] = paths
	}
	done := h.endWithin(t, h.begin(t, http.MethodPost, "/instances/"+h.ids[n]+"/restore", body, nil).ID, "succeeded", 5*time.Minute)
	require.Equal(t, true, done.Result["checked"])
	t.Logf("restore onto %s to %s: %v files, %s", hostlab.Name(n), target, done.Result["files"], time.Since(began).Round(100*time.Millisecond))
	return done
}

func (h *hostSet) bringBack(t *testing.T, e engineOnHosts, n int, b backupOf, target string) string {
	t.Helper()
	done := h.restoreTo(t, n, b, target)
	require.Equal(t, target, done.Result["target"])
	return e.files(t, n, target+"/srv/data")
}

// chosen restores a directory and a file whose name contains every character that a shell or a pattern may
// misread.
func (h *hostSet) chosen(t *testing.T, e engineOnHosts, b backupOf) {
	t.Helper()
	odd := `odd [1]*?$(id) 'q" x.txt`
	h.restoreTo(t, 2, b, "/restore-chosen", "/srv/data/many", "/srv/data/"+odd)
	require.Equal(t, e.files(t, 2, "/srv/data/many"), e.files(t, 2, "/restore-chosen/srv/data/many"))
	require.Equal(t, "many\n"+odd+"\n", hostlab.MustOn(t, 2, "ls -A /restore-chosen/srv/data"), "nothing else")
}

// inPlace damages the backed up files and restores them in place.
func (h *hostSet) inPlace(t *testing.T, e engineOnHosts, b backupOf, was string) {
	t.Helper()
	hostlab.MustOn(t, 1, "cd /srv/data && rm -r many && echo damaged >a.txt && chmod 777 run.sh && truncate -s 5 random.bin")
	h.restoreTo(t, 1, b, "/")
	require.Equal(t, was, e.files(t, 1, "/srv/data"))
}

// withoutManager follows the runbook for a lost manager, with the standard tools on this machine.
func (h *hostSet) withoutManager(t *testing.T, e engineOnHosts, b backupOf, was string) {
	t.Helper()
	key, err := exec.Command(temporaltest.Product(t), "backup", "key", "--data-dir", h.dir+"/data").Output()
	require.NoError(t, err)
	target := t.TempDir() + "/back"
	h.away(t, func() {
		runbook(t, e.runbook, "instance="+b.Instance, "plan="+b.Plan, "key="+strings.TrimSpace(string(key)), "target="+target)
	})
	out, err := exec.Command("sh", "-c", manifest(filepath.Join(target, "srv/data"))).Output()
	require.NoError(t, err)
	unsparse := strings.NewReplacer("full sparse.img", "sparse sparse.img").Replace
	require.Equal(t, was, unsparse(e.kept(string(out))))
	var containers []struct{ Name string }
	openstack(t, &containers, "container", "list")
	require.Contains(t, containers, struct{ Name string }{e.container + b.Instance})
}

// runbook runs the commands of a section of the page as written.
func runbook(t *testing.T, section string, environment ...string) string {
	t.Helper()
	script := backuptest.Runbook(t, section)
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(append(os.Environ(), "HOME="+t.TempDir()), environment...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", script, out)
	return string(out)
}

func (h *hostSet) deletePlan(t *testing.T, made plan) {
	t.Helper()
	response, raw := h.do(t, http.MethodDelete, "/backup-plans/"+made.ID+"?delete_backups=true", nil, nil)
	require.Equal(t, http.StatusNoContent, response.StatusCode, string(raw))
	h.endWithin(t, taskOf(response.Header.Get("Location")), "succeeded", 5*time.Minute)
	require.Empty(t, h.backups(t, "&plan="+made.ID))
}
