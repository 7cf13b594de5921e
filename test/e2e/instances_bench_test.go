package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// manyServers is the number of servers in the list benchmarks.
const manyServers = 1000

// BenchmarkInstances lists all instances of a large project: by our API in pages, and by the openstack command
// line on the same cloud.
func BenchmarkInstances(b *testing.B) {
	const stock = "/usr/bin/openstack"
	if _, err := os.Stat(stock); err != nil {
		b.Skip("no stock command line: acceptance/openstack/install.sh brings it")
	}
	p := sandboxFor(b, "100")
	p.up(b)
	b.Cleanup(func() { p.down(b) })
	demo := p.signIn(b, "demo")
	token := p.token(b, "demo")
	list := func() []any {
		return p.cloud(b, http.MethodGet, "/compute/v2.1/servers/detail", token, nil)["servers"].([]any)
	}
	first := list()[0].(map[string]any)
	p.cloud(b, http.MethodPut, fmt.Sprint("/compute/v2.1/os-quota-sets/", first["tenant_id"]), p.token(b, "admin"),
		map[string]any{"quota_set": map[string]any{"instances": -1, "cores": -1, "ram": -1}})
	p.cloud(b, http.MethodPost, "/compute/v2.1/servers", token, map[string]any{"server": map[string]any{"name": "many", "flavorRef": "1", "networks": "none",
		"imageRef": first["image"].(map[string]any)["id"], "min_count": manyServers - len(list())}})
	require.Len(b, list(), manyServers)

	ours := func() {
		seen := 0
		for next := ""; seen == 0 || next != ""; {
			request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://"+p.listen+"/api/v1/instances?page_size=500&page_token="+next, nil)
			require.NoError(b, err)
			request.Header.Set("Cookie", demo.cookie)
			response, err := http.DefaultClient.Do(request) // demo.get would also validate the response against the contract, which takes longer
			require.NoError(b, err)
			var page struct {
				Items []struct{} `json:"items"`
				Next  string     `json:"next_page_token"`
			}
			require.NoError(b, json.NewDecoder(response.Body).Decode(&page))
			require.NoError(b, response.Body.Close())
			seen, next = seen+len(page.Items), page.Next
		}
		require.Equal(b, manyServers, seen)
	}
	theirs := func() {
		cmd := exec.Command(stock, "server", "list", "--long", "-f", "json")
		cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + b.TempDir(), "OS_AUTH_URL=http://" + p.sandbox + "/identity/v3", "OS_USERNAME=demo", "OS_PASSWORD=demo",
			"OS_PROJECT_NAME=demo", "OS_USER_DOMAIN_NAME=Default", "OS_PROJECT_DOMAIN_NAME=Default", "OS_IDENTITY_API_VERSION=3"}
		out, err := cmd.Output()
		require.NoError(b, err)
		var rows []struct{}
		require.NoError(b, json.Unmarshal(out, &rows))
		require.Len(b, rows, manyServers)
	}
	middle := func(n int, do func()) time.Duration {
		took := times(b, n, do)
		slices.Sort(took)
		return took[n/2]
	}
	for b.Loop() {
		cli, api, nova := middle(3, theirs), middle(11, ours), middle(11, func() { list() })
		b.ReportMetric(cli.Seconds(), "openstack_s")
		b.ReportMetric(api.Seconds(), "ours_s")
		b.ReportMetric(nova.Seconds(), "nova_alone_s")
		b.ReportMetric(cli.Seconds()/api.Seconds(), "openstack/ours")
	}
}
