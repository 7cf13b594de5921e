package instance

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"golang.org/x/sync/singleflight"

	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// imageCacheTTL is how long images' names are good: they hardly ever change.
const imageCacheTTL = time.Minute

// pageCacheTTL is how long who reads the list in pages goes on in the same one.
const pageCacheTTL = 10 * time.Second

// Reader lists the instances with a fixed number of calls to the cloud, however many there are; those
// who ask at once share them.
type Reader struct {
	Cloud   *openstack.Cloud
	Catalog *catalog.Catalog

	share    singleflight.Group
	mu       sync.Mutex
	images   map[string]string
	imagesAt time.Time
	last     []Instance
	lastAt   time.Time
}

// List returns every instance, by name.
func (r *Reader) List(ctx context.Context) ([]Instance, error) {
	v, err, _ := r.share.Do("list", func() (any, error) { return r.read(context.WithoutCancel(ctx)) })
	list, _ := v.([]Instance)
	return slices.Clone(list), err
}

// ListCached is List for a page that is not the first: as the list was a moment ago, so that a long one costs
// the cloud one look, and its pages fit together.
func (r *Reader) ListCached(ctx context.Context) ([]Instance, error) {
	r.mu.Lock()
	list, fresh := r.last, time.Since(r.lastAt) < pageCacheTTL
	r.mu.Unlock()
	if fresh {
		return slices.Clone(list), nil
	}
	return r.List(ctx)
}

// Get returns one instance.
func (r *Reader) Get(ctx context.Context, id string) (Instance, error) {
	list, err := r.List(ctx)
	if err != nil {
		return Instance{}, err
	}
	for _, i := range list {
		if i.ID == id {
			return i, nil
		}
	}
	return Instance{}, fault.New(fault.NotFound, nil, "there is no such instance")
}

func (r *Reader) read(ctx context.Context) ([]Instance, error) {
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Servers(ctx)
	if err != nil {
		return nil, err
	}
	names, err := r.imageNames(ctx, s)
	if err != nil {
		return nil, err
	}
	list := []Instance{}
	for _, server := range all {
		if server.Metadata[openstack.StackKey] == "" {
			list = append(list, r.instance(server, names))
		}
	}
	slices.SortFunc(list, func(a, b Instance) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.lastAt = list, time.Now()
	return list, nil
}

func (r *Reader) instance(server servers.Server, images map[string]string) Instance {
	i := Instance{ID: server.ID, Name: server.Name, Addresses: []Address{}, PowerState: server.PowerState.String(), Status: server.Status, Agents: []AgentState{}}
	i.Flavor, _ = server.Flavor["original_name"].(string)
	if id, _ := server.Image["id"].(string); id != "" {
		i.Image = cmp.Or(images[id], id)
	}
	for _, a := range openstack.AddressesOf(server) {
		kind := "fixed"
		if a.Floating {
			kind = "floating"
		}
		i.Addresses = append(i.Addresses, Address{a.Network, a.Address, kind})
	}
	if e, ok := EnrollmentOf(server.Metadata); ok {
		i.Enrolled, i.EnrolledAt, i.Distribution, i.Address = true, &e.At, e.Distribution, e.Address
	}
	for _, app := range r.Catalog.Apps() {
		if app.Agent.Supported {
			i.Agents = append(i.Agents, AgentOf(server.Metadata, app.Name))
		}
	}
	return i
}

// imageNames are the names of the images that servers were made from.
func (r *Reader) imageNames(ctx context.Context, s *openstack.Session) (map[string]string, error) {
	r.mu.Lock()
	known, at := r.images, r.imagesAt
	r.mu.Unlock()
	if time.Since(at) < imageCacheTTL {
		return known, nil
	}
	c, err := s.Image()
	if err != nil {
		return nil, err
	}
	pages, err := images.List(c, images.ListOpts{}).AllPages(ctx)
	if err != nil {
		return nil, s.Fault("glance", err)
	}
	list, err := images.ExtractImages(pages)
	if err != nil {
		return nil, s.Fault("glance", err)
	}
	names := map[string]string{}
	for _, image := range list {
		names[image.ID] = image.Name
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.images, r.imagesAt = names, time.Now()
	return names, nil
}
