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

// imageCacheTTL is the lifetime of cached image names, which rarely change.
const imageCacheTTL = time.Minute

// pageCacheTTL is the time for which the pages after the first are served from the same listing.
const pageCacheTTL = 10 * time.Second

// Reader lists instances. The number of cloud requests does not depend on the number of instances, except for pagination, and
// concurrent callers share one listing.
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

// List returns all instances, sorted by name.
func (r *Reader) List(ctx context.Context) ([]Instance, error) {
	v, err, _ := r.share.Do("list", func() (any, error) { return r.read(context.WithoutCancel(ctx)) })
	list, _ := v.([]Instance)
	return slices.Clone(list), err
}

// ListCached returns the last listing if it is recent, and calls List otherwise. Use it for pages after the first, so that all
// pages come from the same listing and need only one request to Nova.
func (r *Reader) ListCached(ctx context.Context) ([]Instance, error) {
	r.mu.Lock()
	list, fresh := r.last, time.Since(r.lastAt) < pageCacheTTL
	r.mu.Unlock()
	if fresh {
		return slices.Clone(list), nil
	}
	return r.List(ctx)
}

// Get returns the instance with the given ID. The error is a NotFound fault if the instance does not exist.
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

// imageNames returns the names of all images by ID. The names are cached for imageCacheTTL.
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
