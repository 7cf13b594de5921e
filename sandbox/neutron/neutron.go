// Package neutron is the simulated network service.
// https://docs.openstack.org/api-ref/network/v2/
package neutron

import (
	"slices"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// Document kinds.
const (
	Networks    = "neutron/networks"
	Subnets     = "neutron/subnets"
	Ports       = "neutron/ports"
	Routers     = "neutron/routers"
	FloatingIPs = "neutron/floatingips"
	Groups      = "neutron/security_groups"
	Rules       = "neutron/security_group_rules"
)

// noun is a kind of resource with its specific behavior. Checks run before anything changes.
type noun struct {
	kind, class, one, many, path string
	create                       func(*sim.Request, sim.Document) error
	update                       func(r *sim.Request, o, patch sim.Document) error
	remove                       func(*sim.Request, sim.Document) error
	view                         func(*sim.Request, sim.Document) sim.Document
}

// Service is the network API.
type Service struct {
	*sim.Service
	cloud *sim.Cloud
	nouns []*noun
}

// New registers the network API.
func New(c *sim.Cloud) *Service {
	s := &Service{Service: c.Service("neutron", "/network", false), cloud: c}
	s.Format = format
	s.Deny = func(r *sim.Request) *sim.Fault {
		noun := strings.TrimSuffix(strings.Split(strings.TrimPrefix(r.URL.Path, "/v2.0/"), "/")[0], "s")
		return sim.Forbidden("(rule:%s_%s) is disallowed by policy", verbs[r.Method], noun).Typed("PolicyNotAuthorized")
	}
	s.nouns = []*noun{
		{Networks, "Network", "network", "networks", "networks", s.newNetwork, nil, s.dropNetwork, s.viewNetwork},
		{Subnets, "Subnet", "subnet", "subnets", "subnets", s.newSubnet, nil, s.dropSubnet, nil},
		{Ports, "Port", "port", "ports", "ports", s.newPort, s.changePort, s.dropPort, nil},
		{Routers, "Router", "router", "routers", "routers", s.newRouter, s.changeRouter, s.dropRouter, nil},
		{FloatingIPs, "FloatingIP", "floatingip", "floatingips", "floatingips",
			s.newFloatingIP, s.changeFloatingIP, s.dropFloatingIP, nil},
		{Groups, "SecurityGroup", "security_group", "security_groups", "security-groups",
			s.newGroup, s.changeGroup, s.dropGroup, s.viewGroup},
		{Rules, "SecurityGroupRule", "security_group_rule", "security_group_rules", "security-group-rules",
			s.newRule, nil, nil, nil},
	}
	s.routes()
	return s
}

var verbs = map[string]string{"POST": "create", "PUT": "update", "DELETE": "delete", "GET": "get"}

func (s *Service) routes() {
	for _, n := range s.nouns {
		s.Handle("GET /v2.0/"+n.path, 200, s.list(n))
		s.Handle("POST /v2.0/"+n.path, 201, s.post(n))
		s.Handle("GET /v2.0/"+n.path+"/{id}", 200, s.show(n))
		s.Handle("PUT /v2.0/"+n.path+"/{id}", 200, s.put(n))
		s.Handle("DELETE /v2.0/"+n.path+"/{id}", 204, s.delete(n))
		s.tagRoutes(n)
	}
	s.Handle("PUT /v2.0/routers/{id}/add_router_interface", 200, s.addInterface)
	s.Handle("PUT /v2.0/routers/{id}/add_extraroutes", 200, s.addRoutes)
	s.Handle("PUT /v2.0/routers/{id}/remove_extraroutes", 200, s.removeRoutes)
	s.Handle("PUT /v2.0/routers/{id}/remove_router_interface", 200, s.removeInterface)
	s.quotaRoutes()
	s.discoveryRoutes()
}

func format(f *sim.Fault) (string, []byte) {
	class := f.Type
	if class == "" {
		class = map[int]string{404: "HTTPNotFound", 400: "HTTPBadRequest", 403: "PolicyNotAuthorized"}[f.Status]
	}
	return "application/json", sim.JSON(sim.Document{"NeutronError": sim.Document{
		"type": class, "message": f.Message, "detail": ""}})
}

func notFound(n *noun, id string) *sim.Fault {
	names := map[string]string{"SecurityGroup": "Security group", "FloatingIP": "Floating IP",
		"SecurityGroupRule": "Security group rule"}
	label := names[n.class]
	if label == "" {
		label = n.class
	}
	if n.class == "SecurityGroup" || n.class == "SecurityGroupRule" {
		return sim.NotFound("%s %s does not exist", label, id).Typed(n.class + "NotFound")
	}
	return sim.NotFound("%s %s could not be found.", label, id).Typed(n.class + "NotFound")
}

func invalid(text string, args ...any) *sim.Fault {
	return sim.BadRequest("Invalid input for operation: "+text, args...).Typed("InvalidInput")
}

// mine reports whether the actor may see a resource: its project's own or a shared one.
func mine(r *sim.Request, o sim.Document) bool {
	return r.Actor.Admin() || sim.Str(o, "project_id") == r.Actor.ProjectID ||
		sim.Bool(o, "shared") || sim.Bool(o, "router:external") || sim.Bool(o, "_shared")
}

func (s *Service) find(r *sim.Request, n *noun, id string) (sim.Document, error) {
	o := s.cloud.Get(n.kind, id)
	if o == nil || !mine(r, o) {
		return nil, notFound(n, id)
	}
	return o, nil
}

func (s *Service) render(r *sim.Request, n *noun, o sim.Document) sim.Document {
	out := sim.Public(o)
	if n.view != nil {
		out = n.view(r, out)
	}
	if fields := r.URL.Query()["fields"]; len(fields) > 0 {
		out = sim.Only(out, fields...)
	}
	return out
}

func (s *Service) list(n *noun) sim.Handler {
	return func(r *sim.Request) (any, error) {
		s.DefaultGroup(r.Actor)
		docs := s.cloud.Where(n.kind, func(o sim.Document) bool { return mine(r, o) })
		docs = byTags(docs, r.URL.Query())
		docs = sim.Filter(docs, r.URL.Query(), "tags", "tags-any", "not-tags", "not-tags-any", "fixed_ips")
		docs = sim.Sort(byFixedIPs(docs, r.URL.Query()["fixed_ips"]), r.URL.Query(), "asc")
		page, next, err := r.Page(docs, 1000)
		if err != nil {
			return nil, err
		}
		out := sim.Document{n.many: sim.Views(page, func(o sim.Document) sim.Document { return s.render(r, n, o) })}
		if next != "" {
			out[n.many+"_links"] = []any{sim.Document{"rel": "next", "href": r.NextURL("/v2.0/"+n.path, next)}}
		}
		return out, nil
	}
}

// byFixedIPs filters ports by address or subnet ("ip_address=10.0.0.3").
func byFixedIPs(docs []sim.Document, wants []string) []sim.Document {
	for _, want := range wants {
		field, value, _ := strings.Cut(want, "=")
		docs = slices.DeleteFunc(slices.Clone(docs), func(o sim.Document) bool {
			return !slices.ContainsFunc(sim.Objs(o, "fixed_ips"), func(ip sim.Document) bool { return sim.Str(ip, field) == value })
		})
	}
	return docs
}

func (s *Service) show(n *noun) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o, err := s.find(r, n, r.ID())
		if err != nil {
			return nil, err
		}
		return sim.Document{n.one: s.render(r, n, o)}, nil
	}
}

func (s *Service) post(n *noun) sim.Handler {
	return func(r *sim.Request) (any, error) {
		in := sim.Map(r.Body, n.one)
		if in == nil {
			return nil, sim.BadRequest("Unable to find '%s' in request body", n.one)
		}
		if err := known(n, in); err != nil {
			return nil, err
		}
		if err := s.spend(r, n, 1); err != nil {
			return nil, err
		}
		now := sim.Stamp(s.cloud.Now(), sim.Zulu)
		o := sim.Document{"id": sim.UUID(), "name": "", "description": "", "tags": []any{},
			"project_id": r.Actor.ProjectID, "tenant_id": r.Actor.ProjectID,
			"created_at": now, "updated_at": now, "revision_number": 1}
		if n.kind == FloatingIPs || n.kind == Rules {
			delete(o, "name") // floating IPs have no name, and the standard client would print it as the address
		}
		if project := sim.Str(in, "project_id"); project != "" && r.Actor.Admin() {
			o["project_id"], o["tenant_id"] = project, project
		}
		delete(in, "project_id")
		delete(in, "tenant_id")
		if err := n.create(r, sim.Merge(o, in)); err != nil {
			return nil, err
		}
		s.cloud.Put(n.kind, o)
		return sim.Document{n.one: s.render(r, n, o)}, nil
	}
}

func (s *Service) put(n *noun) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o, err := s.owned(r, n)
		if err != nil {
			return nil, err
		}
		patch := sim.Map(r.Body, n.one)
		if err := known(n, patch); err != nil {
			return nil, err
		}
		if n.update != nil {
			if err := n.update(r, o, patch); err != nil {
				return nil, err
			}
		}
		s.touch(n.kind, sim.Merge(o, patch))
		return sim.Document{n.one: s.render(r, n, o)}, nil
	}
}

func (s *Service) touch(kind string, o sim.Document) {
	o["updated_at"] = sim.Stamp(s.cloud.Now(), sim.Zulu)
	o["revision_number"] = sim.Int(o, "revision_number") + 1
	s.cloud.Put(kind, o)
}

// owned returns a resource that the actor may change; a resource that is only shared with the project is
// refused.
func (s *Service) owned(r *sim.Request, n *noun) (sim.Document, error) {
	o, err := s.find(r, n, r.ID())
	if err == nil && !r.Actor.Admin() && sim.Str(o, "project_id") != r.Actor.ProjectID {
		return nil, s.Deny(r)
	}
	return o, err
}

func (s *Service) delete(n *noun) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o, err := s.owned(r, n)
		if err != nil {
			return nil, err
		}
		if n.remove != nil {
			if err := n.remove(r, o); err != nil {
				return nil, err
			}
		}
		s.cloud.Delete(n.kind, r.ID())
		return nil, nil
	}
}

func (s *Service) noun(kind string) *noun {
	for _, n := range s.nouns {
		if n.kind == kind {
			return n
		}
	}
	return nil
}
