package worker_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/neutron"
	"mycloudmanager/internal/fault"
	"mycloudmanager/sandbox/sandboxtest"
	"mycloudmanager/workflows"
)

// gate calls a function of the test before a request to the cloud is carried out.
type gate struct {
	mu   sync.Mutex
	when func(r *http.Request, body string)
}

func (g *gate) set(when func(r *http.Request, body string)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.when = when
}

func (g *gate) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		when := g.when
		g.mu.Unlock()
		if when != nil {
			raw, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(raw)))
			when(r, string(raw))
		}
		next.ServeHTTP(out, r)
	})
}

// serversInOneSubnet returns a stack and two servers in one subnet that is not attached to it. Two sets of activities stand in
// for two workers, so that no lock in this process serializes them.
func serversInOneSubnet(t *testing.T) (h *testEnv, g *gate, workers [2]*neutron.Activities, servers [2]neutron.AttachSubnetToRouterInput) {
	t.Helper()
	g = &gate{}
	h = newTestEnvOn(t, sandboxtest.StartBehind(t, t.TempDir(), g.wrap))
	h.run(t, workflows.DeployStack, small(h))
	for n, name := range []string{"web-1", "web-2"} {
		e := h.script(t, name)
		workers[n] = &neutron.Activities{Cloud: h.parts.Cloud}
		servers[n] = neutron.AttachSubnetToRouterInput{ServerID: e.ID, Address: e.Address, RecordSubnet: true}
	}
	return h, g, workers, servers
}

// attached counts our ports that are router interfaces, and those that are not attached.
func (h *testEnv) attached(t *testing.T) (interfaces, loose int) {
	t.Helper()
	ports := h.cloud.Raw(t, "demo", http.MethodGet, "/network/v2.0/ports?name=mcm-instances", "")["ports"].([]any)
	for _, p := range ports {
		if p.(map[string]any)["device_id"] == "" {
			loose++
		} else {
			interfaces++
		}
	}
	return interfaces, loose
}

// detachGateway detaches the project's own router from the subnet, so that the stack's router becomes its gateway.
func (h *testEnv) detachGateway(t *testing.T) {
	t.Helper()
	router := h.cloud.Find(t, "neutron", "routers", "demo-router").ID
	subnet := h.cloud.Find(t, "neutron", "subnets", "demo-subnet").ID
	for _, f := range h.cloud.Raw(t, "demo", http.MethodGet, "/network/v2.0/floatingips", "")["floatingips"].([]any) {
		if f := f.(map[string]any); f["router_id"] == router {
			h.cloud.Raw(t, "demo", http.MethodPut, "/network/v2.0/floatingips/"+f["id"].(string), `{"floatingip":{"port_id":null}}`)
		}
	}
	h.cloud.Raw(t, "demo", http.MethodPut, "/network/v2.0/routers/"+router+"/remove_router_interface", `{"subnet_id":"`+subnet+`"}`)
}

// Workers that attach a subnet concurrently never add the same port: Neutron removes it from both when it refuses the second
// request.
func TestAttachSubnetToRouter_concurrent_workers(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T, *testEnv){
		"another router is the gateway": func(*testing.T, *testEnv) {},
		"there is no gateway":           func(t *testing.T, h *testEnv) { h.detachGateway(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, g, workers, servers := serversInOneSubnet(t)
			prepare(t, h)
			var mu sync.Mutex
			asked := map[string]int{}
			g.set(func(r *http.Request, body string) {
				if strings.HasSuffix(r.URL.Path, "/add_router_interface") {
					mu.Lock()
					asked[body]++
					mu.Unlock()
					time.Sleep(500 * time.Millisecond) // long enough for the other request to arrive
				}
			})
			var group sync.WaitGroup
			for n, w := range workers {
				group.Go(func() {
					done, err := w.AttachSubnetToRouter(t.Context(), servers[n])
					for fault.KindOf(err) == fault.Unavailable { // Temporal retries
						time.Sleep(100 * time.Millisecond)
						done, err = w.AttachSubnetToRouter(t.Context(), servers[n])
					}
					if err != nil || !done.Created {
						t.Errorf("%+v, %v", done, err)
					}
				})
			}
			group.Wait()
			g.set(nil)
			for port, times := range asked {
				require.Equal(t, 1, times, port)
			}
			interfaces, loose := h.attached(t)
			require.Equal(t, 1, interfaces)
			require.Zero(t, loose, "the second worker has deleted its port")
			for n, w := range workers {
				require.NoError(t, w.DetachSubnetFromRouter(t.Context(), neutron.DetachSubnetFromRouterInput{ServerID: servers[n].ServerID, Address: servers[n].Address}))
			}
			interfaces, loose = h.attached(t)
			require.Zero(t, interfaces+loose, "the last one detaches it")
		})
	}
}

// An instance that enrolls while the enrollment of another one in its subnet is rolled back stays connected.
func TestDetachSubnetFromRouter_concurrent_attach(t *testing.T) {
	for name, moment := range map[string]struct{ method, path string }{
		"before the metadata is read":     {http.MethodGet, "/servers/detail"},
		"before the interface is removed": {http.MethodPut, "/remove_router_interface"},
		"after the interface is removed":  {http.MethodGet, "/ports"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, g, workers, servers := serversInOneSubnet(t)
			_, err := workers[0].AttachSubnetToRouter(t.Context(), servers[0])
			require.NoError(t, err)
			came, removed := false, false
			g.set(func(r *http.Request, _ string) {
				is := r.Method == moment.method && strings.HasSuffix(r.URL.Path, moment.path)
				if !came && is && (moment.path != "/ports" || removed) {
					came = true
					done, err := workers[1].AttachSubnetToRouter(t.Context(), servers[1])
					if err != nil || !done.Created {
						t.Errorf("%+v, %v", done, err)
					}
				}
				removed = removed || strings.HasSuffix(r.URL.Path, "/remove_router_interface")
			})
			require.NoError(t, workers[0].DetachSubnetFromRouter(t.Context(), neutron.DetachSubnetFromRouterInput{ServerID: servers[0].ServerID, Address: servers[0].Address}))
			g.set(nil)
			require.True(t, came)
			interfaces, loose := h.attached(t)
			require.Equal(t, 1, interfaces)
			require.Zero(t, loose)
			server := func(n int) any {
				return h.cloud.Raw(t, "demo", http.MethodGet, "/compute/v2.1/servers/"+servers[n].ServerID, "")["server"].(map[string]any)["metadata"]
			}
			require.NotContains(t, server(0), "mcm:subnet")
			require.Contains(t, server(1), "mcm:subnet")
		})
	}
}

// A detach that was interrupted between the removal of the interface and the second check resumes.
func TestDetachSubnetFromRouter_resumed(t *testing.T) {
	h, g, workers, servers := serversInOneSubnet(t)
	connected, err := workers[0].AttachSubnetToRouter(t.Context(), servers[0])
	require.NoError(t, err)
	out := neutron.DetachSubnetFromRouterInput{ServerID: servers[0].ServerID, Subnet: connected.Subnet}
	g.set(func(r *http.Request, _ string) {
		if strings.HasSuffix(r.URL.Path, "/remove_router_interface") {
			g.set(func(r *http.Request, _ string) { // the worker is killed
				if strings.HasSuffix(r.URL.Path, "/servers/detail") {
					panic(http.ErrAbortHandler)
				}
			})
			_, err := workers[1].AttachSubnetToRouter(t.Context(), servers[1])
			if err != nil {
				t.Error(err)
			}
		}
	})
	require.Error(t, workers[0].DetachSubnetFromRouter(t.Context(), out))
	g.set(nil)
	interfaces, _ := h.attached(t)
	require.Zero(t, interfaces)
	require.NoError(t, workers[0].DetachSubnetFromRouter(t.Context(), out))
	interfaces, _ = h.attached(t)
	require.Equal(t, 1, interfaces)
}
