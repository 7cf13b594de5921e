package stack

import (
	"context"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/stackevents"
	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/stackresources"
	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/stacks"
	"golang.org/x/sync/singleflight"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/platform/i18n"
)

// cacheTTL is the time for which other readers reuse a response: watchers share one request to the cloud.
const cacheTTL = time.Second

// ClusterInfo returns the state of the cluster on the stack.
type ClusterInfo interface {
	Info(ctx context.Context) (version string, ready, total int, err error)
}

// Reader reads the stack from Heat, Nova and the cluster.
type Reader struct {
	Cloud   *openstack.Cloud
	Cluster ClusterInfo

	share singleflight.Group
	mu    sync.Mutex
	last  Stack
	at    time.Time
}

// Get returns the stack; its State is Absent if it does not exist.
func (r *Reader) Get(ctx context.Context) (Stack, error) {
	r.mu.Lock()
	if time.Since(r.at) < cacheTTL {
		defer r.mu.Unlock()
		return r.last, nil
	}
	r.mu.Unlock()
	v, err, _ := r.share.Do("stack", func() (any, error) {
		st, err := r.read(context.WithoutCancel(ctx))
		if err == nil {
			r.mu.Lock()
			r.last, r.at = st, time.Now()
			r.mu.Unlock()
		}
		return st, err
	})
	st, _ := v.(Stack)
	return st, err
}

// Name returns the name of the stack without the cache, for operations that change it.
func (r *Reader) Name(ctx context.Context) (string, error) {
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return "", err
	}
	st, err := Find(ctx, s)
	if fault.KindOf(err) == fault.NotFound {
		return "", fault.New(fault.NotFound, nil, "there is no stack: deploy one first")
	}
	if err != nil {
		return "", err
	}
	return st.Name, nil
}

func (r *Reader) read(ctx context.Context) (Stack, error) {
	absent := Stack{State: Absent, Parameters: map[string]string{}, Outputs: map[string]any{}, Nodes: []Node{}}
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return absent, err
	}
	heat, err := Find(ctx, s)
	if fault.KindOf(err) == fault.NotFound {
		return absent, nil
	}
	if err != nil {
		return absent, err
	}
	st := Stack{Name: heat.Name, HeatID: heat.ID, Parameters: visible(heat.Parameters), Outputs: outputs(heat), Nodes: []Node{}}
	if st.Nodes, err = nodes(ctx, s, heat.Name); err != nil {
		return absent, err
	}
	r.assess(ctx, s, heat, &st)
	return st, nil
}

// assess derives the state and its reason from Heat, the servers and the cluster.
func (r *Reader) assess(ctx context.Context, s *openstack.Session, heat *stacks.RetrievedStack, st *Stack) {
	action, status, _ := strings.Cut(heat.Status, "_")
	st.Reason = i18n.Verbatim(heat.StatusReason)
	switch {
	case status == "FAILED":
		st.State, st.Reason = Failed, i18n.Verbatim(FirstFailure(ctx, s, heat))
		return
	case status == "IN_PROGRESS" && action == "CREATE":
		st.State = Deploying
		return
	case status == "IN_PROGRESS" && action == "DELETE":
		st.State = Deleting
		return
	case status == "IN_PROGRESS":
		st.State = Updating
		return
	}
	st.State = Ready
	version, ready, total, err := r.Cluster.Info(ctx)
	if err != nil {
		st.State, st.Reason = Degraded, i18n.Messagef("the cluster does not respond: %s", fault.MessageOf(err))
		return
	}
	st.Cluster = &Cluster{Version: version, NodesReady: ready, NodesTotal: total}
	if ready < total || total == 0 {
		st.State, st.Reason = Degraded, i18n.Messagef("not every node of the cluster is ready")
	}
	for _, n := range st.Nodes {
		if n.State != "ACTIVE" {
			st.State, st.Reason = Degraded, i18n.Messagef("%s is %s", n.Name, n.State)
		}
	}
}

func outputs(heat *stacks.RetrievedStack) map[string]any {
	out := map[string]any{}
	for _, o := range heat.Outputs {
		if key, ok := o["output_key"].(string); ok && o["output_value"] != nil {
			out[key] = o["output_value"]
		}
	}
	return out
}

// nodes reads the servers of the stack from the list of the project's servers.
func nodes(ctx context.Context, s *openstack.Session, stackName string) ([]Node, error) {
	mine, err := s.StackServers(ctx, stackName)
	list := []Node{}
	for _, server := range mine {
		flavor, _ := server.Flavor["original_name"].(string)
		n := Node{ID: server.ID, Name: server.Name, Role: server.Metadata[openstack.RoleKey], Flavor: flavor, State: server.Status}
		if at := openstack.AddressesOf(server); len(at) > 0 && !at[0].Floating {
			n.Address = at[0].Address
		}
		list = append(list, n)
	}
	return list, err
}

// Topology returns the resources of the stack with their dependencies.
func (r *Reader) Topology(ctx context.Context) (Topology, error) {
	t := Topology{Nodes: []Vertex{}, Edges: []Edge{}}
	s, heat, err := r.find(ctx)
	if err != nil {
		return t, fault.IgnoreNotFound(err)
	}
	list, err := Resources(ctx, s, heat)
	if err != nil {
		return t, err
	}
	for _, res := range list {
		id := vertexID(res, list)
		t.Nodes = append(t.Nodes, Vertex{ID: id, Type: res.Type, Name: res.Name, State: res.Status, Reason: res.StatusReason})
		parent := ""
		if i := strings.LastIndex(id, "/"); i >= 0 {
			parent = id[:i]
			t.Edges = append(t.Edges, Edge{From: parent, To: id})
			parent += "/"
		}
		for _, by := range res.RequiredBy {
			if name, ok := by.(string); ok {
				t.Edges = append(t.Edges, Edge{From: parent + name, To: id})
			}
		}
	}
	return t, nil
}

// vertexID returns the path of the resource from the outermost stack: master_members/0/server. A nested stack is the
// resource with its physical ID.
func vertexID(res stackresources.Resource, list []stackresources.Resource) string {
	if res.ParentResource == "" {
		return res.Name
	}
	in := parentStack(res.Links)
	for _, outer := range list {
		if outer.PhysicalID != "" && strings.HasSuffix(outer.PhysicalID, in) && in != "" {
			return vertexID(outer, list) + "/" + res.Name
		}
	}
	return res.ParentResource + "/" + res.Name
}

// Events returns the events of the stack, newest first.
func (r *Reader) Events(ctx context.Context) ([]Event, error) {
	out := []Event{}
	s, heat, err := r.find(ctx)
	if err != nil {
		return out, fault.IgnoreNotFound(err)
	}
	c, err := s.Orchestration()
	if err != nil {
		return out, err
	}
	pages, err := stackevents.List(c, heat.Name, heat.ID, nil).AllPages(ctx)
	if err != nil {
		return out, s.Fault("heat", err)
	}
	events, err := stackevents.ExtractEvents(pages)
	if err != nil {
		return out, s.Fault("heat", err)
	}
	sort.SliceStable(events, func(i, j int) bool { return events[i].Time.After(events[j].Time) })
	for _, e := range events {
		out = append(out, Event{ID: e.ID, Time: e.Time.UTC(), Resource: e.ResourceName, State: e.ResourceStatus, Reason: e.ResourceStatusReason})
	}
	return out, nil
}

func (r *Reader) find(ctx context.Context) (*openstack.Session, *stacks.RetrievedStack, error) {
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return nil, nil, err
	}
	heat, err := Find(ctx, s)
	return s, heat, err
}

// Options returns the values that a deployment can choose from.
func (r *Reader) Options(ctx context.Context) (Options, error) {
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return Options{}, err
	}
	in, err := take(ctx, s)
	return in.options(), err
}

// Preflight runs the checks with the caller's token, as the deployment does.
func (r *Reader) Preflight(ctx context.Context, p Parameters, userToken string, restricted bool) (Report, error) {
	s, err := r.Cloud.WithToken(ctx, userToken)
	if err != nil {
		return Report{}, err
	}
	return Preflight(ctx, s, p, restricted)
}
