// Package admin serves the control API of the simulated cloud: fault injection, quotas, resets and an
// inventory, for tests and for demonstrations of how the manager behaves when a cloud fails.
package admin

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"mycloudmanager/sandbox/cinder"
	"mycloudmanager/sandbox/heat"
	"mycloudmanager/sandbox/hosts"
	"mycloudmanager/sandbox/keystone"
	"mycloudmanager/sandbox/kube"
	"mycloudmanager/sandbox/neutron"
	"mycloudmanager/sandbox/nova"
	"mycloudmanager/sandbox/sim"
)

// Prefix is the path prefix of the control API.
const Prefix = "/_control"

// limits maps each service to the quotas that can be changed.
var limits = map[string]map[string]int{"nova": nova.Defaults, "cinder": cinder.Defaults,
	"neutron": neutron.Defaults, "heat": heat.Defaults}

type api struct {
	cloud   *sim.Cloud
	cluster *kube.Service
	hosts   *hosts.Network
}

// Handler serves the control API to loopback clients.
func Handler(c *sim.Cloud, cluster *kube.Service, network *hosts.Network) http.Handler {
	a := &api{c, cluster, network}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Prefix+"/faults", a.inject)
	mux.HandleFunc("GET "+Prefix+"/faults", a.faults)
	mux.HandleFunc("DELETE "+Prefix+"/faults", a.heal)
	mux.HandleFunc("GET "+Prefix+"/state", a.state)
	mux.HandleFunc("GET "+Prefix+"/kubeconfig", a.kubeconfig)
	mux.HandleFunc("POST "+Prefix+"/reset", a.reset)
	mux.HandleFunc("POST "+Prefix+"/quotas", a.quotas)
	mux.HandleFunc("POST "+Prefix+"/enroll", a.enroll)
	mux.HandleFunc("POST "+Prefix+"/disk", a.disk)
	return local(mux)
}

// local refuses clients that are not on this machine.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			respond(w, http.StatusForbidden, sim.Document{"error": "the control API is for this machine only"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if body != nil {
		_, _ = w.Write(sim.JSON(body)) // a disconnected client is not an error
	}
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	if err := d.Decode(into); err != nil {
		respond(w, http.StatusBadRequest, sim.Document{"error": err.Error()})
		return false
	}
	return true
}

func (a *api) inject(w http.ResponseWriter, r *http.Request) {
	in := &sim.Injection{}
	if !read(w, r, in) {
		return
	}
	var err error
	a.cloud.Locked(func() { err = a.cloud.Inject(in) })
	if err != nil {
		respond(w, http.StatusBadRequest, sim.Document{"error": err.Error()})
		return
	}
	respond(w, http.StatusCreated, in)
}

func (a *api) faults(w http.ResponseWriter, _ *http.Request) {
	var body []byte
	a.cloud.Locked(func() { body = sim.JSON(append([]*sim.Injection{}, a.cloud.Injections()...)) })
	respond(w, http.StatusOK, json.RawMessage(body))
}

func (a *api) heal(w http.ResponseWriter, _ *http.Request) {
	a.cloud.Locked(a.cloud.ClearFaults)
	respond(w, http.StatusNoContent, nil)
}

// kubeconfig returns a kubeconfig that reaches the cluster directly, without the bastion.
func (a *api) kubeconfig(w http.ResponseWriter, r *http.Request) {
	var text string
	a.cloud.Locked(func() { text = a.cluster.Kubeconfig("http://"+r.Host+kube.Prefix, nil) })
	if text == "" {
		respond(w, http.StatusServiceUnavailable, sim.Document{"error": "the cluster is not up"})
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = io.WriteString(w, text) // a disconnected client is not an error
}

func (a *api) reset(w http.ResponseWriter, _ *http.Request) {
	var err error
	a.cloud.Locked(func() { err = a.cloud.Reset() })
	if err != nil {
		respond(w, http.StatusInternalServerError, sim.Document{"error": err.Error()})
		return
	}
	respond(w, http.StatusNoContent, nil)
}

// internalKinds are excluded from the inventory: they are not resources of a project.
var internalKinds = []string{"keystone/tokens", "keystone/role_assignments", "heat/deleted", "heat/events", "heat/resources", "heat/nested"}

// state lists every resource by service and type.
func (a *api) state(w http.ResponseWriter, _ *http.Request) {
	out := map[string]map[string][]sim.Document{}
	a.cloud.Locked(func() {
		for _, kind := range a.cloud.Kinds() {
			service, typ, _ := strings.Cut(kind, "/")
			if service == "sim" || service == "kube-meta" || service == "hosts" || typ == "quotas" || slices.Contains(internalKinds, kind) {
				continue
			}
			if out[service] == nil {
				out[service] = map[string][]sim.Document{}
			}
			for _, o := range a.cloud.All(kind) {
				out[service][typ] = append(out[service][typ], summary(o))
			}
		}
	})
	respond(w, http.StatusOK, out)
}

// summary returns the fields that identify a resource and its project. Kubernetes objects keep their name,
// namespace, labels and phase in other places.
func summary(o sim.Document) sim.Document {
	out := sim.Document{"id": o["id"], "name": name(o), "status": o["status"], "tags": sim.List(o, "tags"),
		"project": first(o, "project_id", "tenant_id", "_project_id", "os-vol-tenant-attr:tenant_id", "owner", "project")}
	if status, ok := o["status"].(sim.Document); ok {
		out["status"] = status["phase"]
	}
	meta := sim.Map(o, "metadata")
	if o["apiVersion"] != nil {
		out["namespace"], meta = meta["namespace"], sim.Map(meta, "labels")
	}
	out["metadata"] = meta
	if owner := sim.Str(o, "_stack"); owner != "" {
		out["stack"] = owner
	}
	return out
}

func name(o sim.Document) any {
	if o["apiVersion"] != nil {
		return sim.Map(o, "metadata")["name"]
	}
	return first(o, "name", "stack_name", "floating_ip_address")
}

func first(o sim.Document, keys ...string) any {
	for _, k := range keys {
		if v := sim.Str(o, k); v != "" {
			return v
		}
	}
	return nil
}

// quotas changes quotas of a project ("demo" by default). Without a service, each key is set on every service
// that has it.
func (a *api) quotas(w http.ResponseWriter, r *http.Request) {
	var in sim.Document
	if !read(w, r, &in) {
		return
	}
	only, project := sim.Str(in, "service"), sim.Str(in, "project")
	delete(in, "service")
	delete(in, "project")
	if project == "" {
		project = "demo"
	}
	var unknown []string
	a.cloud.Locked(func() {
		for _, p := range a.cloud.With(keystone.Projects, "name", project) {
			project = sim.Str(p, "id")
		}
		for key, value := range in {
			if !a.set(only, project, key, value) {
				unknown = append(unknown, key)
			}
		}
	})
	if len(unknown) > 0 {
		respond(w, http.StatusBadRequest, sim.Document{"error": "no such quota: " + strings.Join(unknown, ", ")})
		return
	}
	respond(w, http.StatusNoContent, nil)
}

func (a *api) set(only, project, key string, value any) (known bool) {
	for service, defaults := range limits {
		if only != "" && only != service {
			continue
		}
		name := key
		if _, ok := defaults[name]; !ok && service == "neutron" {
			name = strings.TrimSuffix(key, "s") // the services disagree on singular and plural
		}
		if _, ok := defaults[name]; ok {
			a.cloud.SetLimits(service, project, defaults, sim.Document{name: value})
			known = true
		}
	}
	return known
}

// enroll simulates running the enrollment script on a server.
func (a *api) enroll(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Server string   `json:"server"` // id or name
		URL    string   `json:"url"`    // base URL of the manager
		Token  string   `json:"token"`
		Keys   []string `json:"authorized_keys"` // instead of url and token
	}
	if !read(w, r, &in) {
		return
	}
	out, err := a.hosts.Enroll(in.Server, in.URL, in.Token, in.Keys)
	if err != nil {
		respond(w, http.StatusBadRequest, sim.Document{"error": err.Error()})
		return
	}
	respond(w, http.StatusOK, out)
}

// disk sets the number of free bytes on a simulated server's disk.
func (a *api) disk(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Server string `json:"server"` // id or name
		Free   int    `json:"free_bytes"`
	}
	if !read(w, r, &in) {
		return
	}
	if err := a.hosts.SetFree(in.Server, in.Free); err != nil {
		respond(w, http.StatusBadRequest, sim.Document{"error": err.Error()})
		return
	}
	respond(w, http.StatusNoContent, nil)
}
