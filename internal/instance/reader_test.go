package instance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/deploy"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/sandbox/sandboxtest"
)

// requestRecorder records the requests to the cloud. It can limit the page size of the server list.
type requestRecorder struct {
	mu       sync.Mutex
	calls    []string
	pageSize string
}

func (c *requestRecorder) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.calls = append(c.calls, r.Method+" "+r.URL.Path)
		if values := r.URL.Query(); c.pageSize != "" && r.URL.Path == serverList {
			values.Set("limit", c.pageSize)
			r.URL.RawQuery = values.Encode()
		}
		c.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

const serverList = "/compute/v2.1/servers/detail"

// during returns the requests that do makes.
func (c *requestRecorder) during(do func()) []string {
	c.mu.Lock()
	c.calls = nil
	c.mu.Unlock()
	do()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

// Regardless of the number of instances, List needs one request to Nova, and one to Glance if the image names are not cached.
func TestReader_List_numberOfRequests(t *testing.T) {
	c := &requestRecorder{}
	sim := sandboxtest.StartBehind(t, t.TempDir(), c.wrap)
	apps, err := catalog.Load(deploy.Files)
	require.NoError(t, err)
	list := func() (calls []string, found int) {
		r := &instance.Reader{Cloud: openstack.New(sim.AuthURL, "demo", "demo", "demo"), Catalog: apps}
		_, err := r.Cloud.Manager(t.Context()) // requests for authentication and API versions are not counted
		require.NoError(t, err)
		calls = c.during(func() {
			all, err := r.List(t.Context())
			require.NoError(t, err)
			found = len(all)
		})
		again := c.during(func() {
			_, err := r.List(t.Context())
			require.NoError(t, err)
		})
		require.Equal(t, []string{"GET " + serverList}, again, "%d instances", found)
		require.Empty(t, c.during(func() {
			all, err := r.ListCached(t.Context())
			require.NoError(t, err)
			require.Len(t, all, found)
		}), "further pages come from the same listing")
		return calls, found
	}
	few, six := list()
	project := sim.Project(t, "demo")
	sim.Raw(t, "admin", http.MethodPut, "/compute/v2.1/os-quota-sets/"+project, `{"quota_set":{"instances":-1,"cores":-1,"ram":-1}}`)
	server := sim.Raw(t, "demo", http.MethodGet, "/compute/v2.1/servers/"+sim.Find(t, "nova", "servers", "web-1").ID, "")["server"].(map[string]any)
	body, err := json.Marshal(map[string]any{"server": map[string]any{"name": "many", "flavorRef": "1", "imageRef": server["image"].(map[string]any)["id"],
		"networks": "none", "min_count": 200}})
	require.NoError(t, err)
	sim.Raw(t, "demo", http.MethodPost, "/compute/v2.1/servers", string(body))
	many, found := list()
	require.Equal(t, six+200, found, fmt.Sprint(many))
	require.Equal(t, few, many)
}

// Nova limits the page size of the server list. Servers must follow the links to the next pages.
func TestSession_Servers_readsAllPages(t *testing.T) {
	c := &requestRecorder{pageSize: "4"}
	sim := sandboxtest.StartBehind(t, t.TempDir(), c.wrap)
	s, err := openstack.New(sim.AuthURL, "demo", "demo", "demo").Manager(t.Context())
	require.NoError(t, err)
	names := map[string]bool{}
	calls := c.during(func() {
		list, err := s.Servers(t.Context())
		require.NoError(t, err)
		for _, server := range list {
			names[server.Name] = server.Status == "ACTIVE" && len(openstack.AddressesOf(server)) > 0
		}
	})
	require.Equal(t, map[string]bool{"web-1": true, "web-2": true, "db-1": true, "mail-1": true, "build-1": true, "legacy-1": true}, names)
	pages := 0
	for _, call := range calls {
		if call == "GET "+serverList {
			pages++
		}
	}
	require.Equal(t, 2, pages)
}
