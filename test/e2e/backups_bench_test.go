package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// backedUp is the number of servers of the plan.
const backedUp = 50

// BenchmarkSnapshotPlan compares a snapshot plan of many servers with the backup of one. At most eight servers
// are stopped at a time, so about seven times as long is the optimum.
func BenchmarkSnapshotPlan(b *testing.B) {
	p := sandboxFor(b, "10") // an image takes seconds, as in a real cloud
	p.up(b)
	b.Cleanup(func() { p.down(b) })
	demo := p.signIn(b, "demo")
	token := p.token(b, "demo")
	first := p.cloud(b, http.MethodGet, "/compute/v2.1/servers/detail", token, nil)["servers"].([]any)[0].(map[string]any)
	p.cloud(b, http.MethodPut, fmt.Sprint("/compute/v2.1/os-quota-sets/", first["tenant_id"]), p.token(b, "admin"),
		map[string]any{"quota_set": map[string]any{"instances": -1, "cores": -1, "ram": -1}})
	p.cloud(b, http.MethodPost, "/compute/v2.1/servers", token, map[string]any{"server": map[string]any{"name": "many", "flavorRef": "1", "networks": "none",
		"imageRef": first["image"].(map[string]any)["id"], "min_count": backedUp}})
	var ids []string
	require.Eventually(b, func() bool {
		ids = nil
		for _, s := range p.cloud(b, http.MethodGet, "/compute/v2.1/servers/detail?name=many&status=ACTIVE", token, nil)["servers"].([]any) {
			ids = append(ids, s.(map[string]any)["id"].(string))
		}
		return len(ids) == backedUp
	}, time.Minute, 200*time.Millisecond)

	run := func(name string, ids ...string) time.Duration {
		made := demo.plan(b, nightly(name, 0, ids...))
		began := time.Now()
		demo.endWithin(b, demo.begin(b, http.MethodPost, "/backup-plans/"+made.ID+"/run", nil, nil).ID, "succeeded", 10*time.Minute)
		return time.Since(began)
	}
	for b.Loop() {
		var alone time.Duration
		for n := range 3 {
			alone = max(alone, run(fmt.Sprintf("alone %d", n), ids[n]))
		}
		all := run("all", ids...)
		b.ReportMetric(alone.Seconds(), "slowest_alone_s")
		b.ReportMetric(all.Seconds(), fmt.Sprint(backedUp, "_servers_s"))
		b.ReportMetric(all.Seconds()/alone.Seconds(), fmt.Sprint(backedUp, "/alone"))
	}
}
