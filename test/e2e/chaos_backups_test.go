package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// nights holds the plans and backups that are used while processes are killed.
type nights struct {
	*chaos
	token        string
	random       *rand.Rand // chooses the next action
	snap, set    plan
	soft         plan
	pair         []string // the instances of snap and set
	filed        string   // the instance of soft
	db, volumes  backupOf // backups to restore
	done         map[string]int
	maxDurations map[string]time.Duration
}

// TestBackupsUnderKills kills processes at random moments of backups and restores. No server may stay stopped,
// nothing may be created twice or left behind, and each run must have exactly one outcome. MCM_CHAOS_KILLS=100
// sets the number of kills.
func TestBackupsUnderKills(t *testing.T) {
	t.Parallel()
	c := chaosFor(t, 4)
	p := newProduct(t)
	p.arguments = []string{"sandbox"}
	p.environment = []string{"MCM_SANDBOX_LISTEN=" + p.sandbox, "MCM_SANDBOX_SPEED=" + strconv.Itoa(chaosSpeed)}
	p.up(t)
	t.Cleanup(func() { p.down(t) })
	c.apis, c.cloud = []*product{p}, p
	c.victims = []victim{
		{"manager", killProduct(t, p)}, {"manager", killProduct(t, p)},
		{"mcm-temporal", killChild(func() int { return p.process.Process.Pid }, "mcm-temporal")},
	}
	began := time.Now()
	n := &nights{chaos: c, random: rand.New(rand.NewPCG(c.seed, 2)), done: map[string]int{}, maxDurations: map[string]time.Duration{}}
	n.prepare(t)
	stop := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() { c.killer(stop) })
	defer killer.Wait()
	defer close(stop)
	for spent := false; !spent; {
		n.night(t)
		select {
		case <-c.spent:
			spent = true
		default:
		}
	}
	c.holds(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Less(t, c.stall, maxStall, "work goes on after a kill: %s", c.stalled)
	t.Logf("seed %d: kills %v, done %v, longest %v, %d tasks, longest stand-still %s (%s), %s in all", c.seed, c.struck, n.done, n.maxDurations,
		len(c.started), c.stall.Round(100*time.Millisecond), c.stalled, time.Since(began).Round(time.Second))
}

// prepare creates the plans, a volume-backed server, and one backup of each kind to restore.
func (n *nights) prepare(t *testing.T) {
	t.Helper()
	p := n.cloud
	n.who, n.token = p.signIn(t, "demo"), p.token(t, "demo")
	n.who.work(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"})
	n.filed = n.who.instance(t, "web-1").ID
	n.who.work(t, http.MethodPost, "/instances/"+n.filed+"/connect", nil)
	n.pair = []string{n.who.instance(t, "web-2").ID, n.who.instance(t, "mail-1").ID}
	n.snap = n.who.plan(t, nightly("each for itself", 0, n.pair...))
	group := nightly("together", 0, n.pair...)
	group["snapshot"] = map[string]any{"consistency_group": true}
	n.set, n.soft = n.who.plan(t, group), n.who.plan(t, files("files", 0, n.filed))
	db := n.who.instance(t, "db-1").ID
	vol := p.bootsFromVolume(t, n.token, "vol-1")
	require.Eventually(t, func() bool {
		var one instance
		n.who.get(t, "/instances/"+vol, &one)
		return one.Status == "ACTIVE"
	}, 20*time.Second, 100*time.Millisecond)
	run := n.who.work(t, http.MethodPost, "/backup-plans/"+n.who.plan(t, nightly("to be restored", 0, db, vol)).ID+"/run", nil)
	for _, b := range n.made(t, run.ID) {
		if b.Instance == db {
			n.db = b
		} else {
			n.volumes = b
		}
	}
	n.chaos.before, n.chaos.since = n.inventory(t), time.Now()
}

// bootsFromVolume creates a server whose volume is deleted with it.
func (p *product) bootsFromVolume(t *testing.T, token, name string) string {
	t.Helper()
	images, _ := p.cloud(t, http.MethodGet, "/image/v2/images?name=Debian+12", token, nil)["images"].([]any)
	networks, _ := p.cloud(t, http.MethodGet, "/network/v2.0/networks?name=demo-net", token, nil)["networks"].([]any)
	require.NotEmpty(t, images)
	require.NotEmpty(t, networks)
	made := p.cloud(t, http.MethodPost, "/compute/v2.1/servers", token, map[string]any{"server": map[string]any{"name": name, "flavorRef": "2", "imageRef": "",
		"networks": []any{map[string]any{"uuid": networks[0].(map[string]any)["id"]}}, "block_device_mapping_v2": []any{map[string]any{"boot_index": 0, "source_type": "image",
			"uuid": images[0].(map[string]any)["id"], "destination_type": "volume", "volume_size": 10, "delete_on_termination": true}}}})
	return made["server"].(map[string]any)["id"].(string)
}

// night performs one action and checks the state after it.
func (n *nights) night(t *testing.T) {
	t.Helper()
	all := []struct {
		name string
		do   func(*testing.T)
	}{
		{"snapshots", func(t *testing.T) { n.runs(t, n.snap, len(n.pair)) }},
		{"a set", func(t *testing.T) { n.runs(t, n.set, len(n.pair)) }},
		{"files", func(t *testing.T) { n.runs(t, n.soft, 1) }},
		{"in place", n.inPlace},
		{"beside", func(t *testing.T) { n.restoreAsNewServer(t, n.db) }},
		{"beside, of volumes", func(t *testing.T) { n.restoreAsNewServer(t, n.volumes) }},
	}
	at := n.random.IntN(len(all))
	if len(n.done) < len(all) { // each action once, then at random
		at = len(n.done)
	}
	began := time.Now()
	n.disturb(t)
	all[at].do(t)
	n.done[all[at].name]++
	n.maxDurations[all[at].name] = max(n.maxDurations[all[at].name], time.Since(began).Round(100*time.Millisecond))
	for _, id := range append([]string{n.filed, n.db.Instance, n.volumes.Instance}, n.pair...) {
		var now instance
		n.ask(t, http.MethodGet, "/instances/"+id, nil, nil, http.StatusOK, &now)
		require.Equal(t, "ACTIVE", now.Status, "%s is never left shut off", now.Name)
	}
	require.Eventually(t, func() bool { return len(n.left(t)) == 0 }, 20*time.Second, 200*time.Millisecond, "after %s: %v", all[at].name, n.left(t))
}

// runs runs a plan and deletes its backups.
func (n *nights) runs(t *testing.T, p plan, backups int) {
	t.Helper()
	id := n.begin(t, http.MethodPost, "/backup-plans/"+p.ID+"/run", map[string]any{})
	n.finish(t, id)
	list := n.made(t, id)
	require.Len(t, list, backups, "one backup of each instance")
	for _, b := range list {
		n.finish(t, n.begin(t, http.MethodDelete, "/backups/"+b.ID, nil))
	}
}

// made returns the backups of a task.
func (n *nights) made(t *testing.T, task string) (out []backupOf) {
	t.Helper()
	var page struct{ Items []backupOf }
	n.ask(t, http.MethodGet, "/backups?page_size=500", nil, nil, http.StatusOK, &page)
	for _, b := range page.Items {
		if b.Task == task {
			out = append(out, b)
		}
	}
	return out
}

func (n *nights) inPlace(t *testing.T) {
	t.Helper()
	id := n.begin(t, http.MethodPost, "/instances/"+n.db.Instance+"/restore", map[string]any{"backup_id": n.db.ID, "confirm": n.db.Instance})
	n.finish(t, id)
	safety := n.made(t, id)
	require.Len(t, safety, 1)
	require.True(t, safety[0].Safety)
	n.finish(t, n.begin(t, http.MethodDelete, "/backups/"+safety[0].ID, nil))
}

func (n *nights) restoreAsNewServer(t *testing.T, b backupOf) {
	t.Helper()
	name := fmt.Sprint("beside-", n.keys)
	id := n.begin(t, http.MethodPost, "/instances/"+b.Instance+"/restore", map[string]any{"backup_id": b.ID, "new_server_name": name})
	n.finish(t, id)
	require.Equal(t, 1, n.cloud.count(t, "nova", "servers", id), "one server, never two")
	require.Equal(t, 1, n.cloud.count(t, "nova", "servers", `"`+name+`"`))
	var ended task
	n.ask(t, http.MethodGet, "/tasks/"+id, nil, nil, http.StatusOK, &ended)
	server, _ := ended.Result["server"].(string)
	require.NotEmpty(t, server)
	n.cloud.cloud(t, http.MethodDelete, "/compute/v2.1/servers/"+server, n.token, nil)
	require.Eventually(t, func() bool { return n.cloud.count(t, "nova", "servers", id) == 0 }, 20*time.Second, 100*time.Millisecond)
}
