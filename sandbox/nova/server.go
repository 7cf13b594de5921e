package nova

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"mycloudmanager/sandbox/sim"
)

func (s *Service) serverRoutes() {
	s.Handle("GET /v2.1/servers", 200, s.list(false))
	s.Handle("GET /v2.1/servers/detail", 200, s.list(true))
	s.Handle("POST /v2.1/servers", 202, s.create)
	s.Handle("GET /v2.1/servers/{id}", 200, func(r *sim.Request) (any, error) {
		o, err := s.find(r, r.ID())
		if err != nil {
			return nil, err
		}
		return sim.Document{"server": s.view(r, o)}, nil
	})
	s.Handle("PUT /v2.1/servers/{id}", 200, func(r *sim.Request) (any, error) {
		o, err := s.find(r, r.ID())
		if err != nil {
			return nil, err
		}
		s.touch(sim.Merge(o, sim.Only(sim.Map(r.Body, "server"), "name", "description")))
		return sim.Document{"server": s.view(r, o)}, nil
	})
	s.Handle("DELETE /v2.1/servers/{id}", 204, s.delete)
	s.Handle("POST /v2.1/servers/{id}/action", 202, s.action)
	s.actionRoutes()
}

func notFound(id string) *sim.Fault { return sim.NotFound("Instance %s could not be found.", id) }

func (s *Service) find(r *sim.Request, id string) (sim.Document, error) {
	o := s.cloud.Get(Servers, id)
	if o == nil || (sim.Str(o, "tenant_id") != r.Actor.ProjectID && !r.Actor.Admin()) {
		return nil, notFound(id)
	}
	return o, nil
}

func (s *Service) touch(o sim.Document) {
	o["updated"] = sim.Stamp(s.cloud.Now(), sim.Zulu)
	s.cloud.Put(Servers, o)
}

func (s *Service) list(detail bool) sim.Handler {
	return func(r *sim.Request) (any, error) {
		all := r.Actor.Admin() && slices.Contains([]string{"1", "True", "true"}, r.Query("all_tenants"))
		docs := sim.Newest(s.cloud.Where(Servers, func(o sim.Document) bool {
			return all || sim.Str(o, "tenant_id") == r.Actor.ProjectID
		}))
		docs, err := s.filter(docs, r.URL.Query())
		if err != nil {
			return nil, err
		}
		if m := r.Query("marker"); m != "" && s.cloud.Get(Servers, m) == nil {
			return nil, sim.BadRequest("marker [%s] not found", m)
		}
		docs, next, err := r.Page(docs, 1000)
		if err != nil {
			return nil, err
		}
		out := sim.Document{"servers": sim.Views(docs, func(o sim.Document) sim.Document {
			if detail {
				return s.view(r, o)
			}
			return sim.Merge(sim.Only(o, "id", "name"), sim.Document{"links": links(r, "servers", sim.Str(o, "id"))})
		})}
		if next != "" {
			out["servers_links"] = []any{sim.Document{"rel": "next", "href": r.NextURL(r.URL.Path, next)}}
		}
		return out, nil
	}
}

// filter applies the filters that are not a simple equality of a key.
func (s *Service) filter(docs []sim.Document, q url.Values) ([]sim.Document, error) {
	name, err := regexp.Compile(q.Get("name"))
	if err != nil {
		return nil, sim.BadRequest("Invalid regular expression in name: %s", q.Get("name"))
	}
	docs = slices.DeleteFunc(slices.Clone(docs), func(o sim.Document) bool {
		return !name.MatchString(sim.Str(o, "name")) ||
			!tagged(o, q) || (q.Get("flavor") != "" && sim.Str(sim.Map(o, "_flavor"), "id") != q.Get("flavor")) ||
			(q.Get("image") != "" && sim.Str(o, "_image") != q.Get("image"))
	})
	return sim.Filter(sim.Sort(docs, q, "desc"), q, "not-tags", "tags-any", "not-tags-any", "name", "flavor", "image", "tags", "ip"), nil
}

// tagged applies the tag filters: all tags or any of them.
func tagged(o sim.Document, q url.Values) bool {
	have := sim.Strs(o, "tags")
	lacks := func(t string) bool { return !slices.Contains(have, t) }
	if all := q.Get("tags"); all != "" && slices.ContainsFunc(strings.Split(all, ","), lacks) {
		return false
	}
	some := q.Get("tags-any")
	return some == "" || slices.ContainsFunc(strings.Split(some, ","), func(t string) bool { return !lacks(t) })
}

func links(r *sim.Request, many, id string) []any {
	return []any{sim.Document{"rel": "self", "href": r.Base() + "/v2.1/" + many + "/" + id},
		sim.Document{"rel": "bookmark", "href": r.Base() + "/" + many + "/" + id}}
}

// view renders a server with the fields derived from the network and storage services.
func (s *Service) view(r *sim.Request, o sim.Document) sim.Document {
	out, id, version := sim.Public(o), sim.Str(o, "id"), microversion(r)
	out["addresses"] = s.addresses(id)
	out["links"] = links(r, "servers", id)
	out["flavor"] = s.flavorIn(r, o)
	out["image"] = ""
	if image := sim.Str(o, "_image"); image != "" {
		out["image"] = sim.Document{"id": image, "links": []any{sim.Document{"rel": "bookmark", "href": r.Base() + "/images/" + image}}}
	}
	attached := []any{}
	for _, a := range s.attachments(id) {
		attached = append(attached, sim.Document{"id": a["volume_id"], "delete_on_termination": sim.Bool(a, "_ephemeral")})
	}
	out["os-extended-volumes:volumes_attached"] = attached
	out["security_groups"] = s.groupNames(id)
	if version >= 71 {
		out["server_groups"] = []any{}
		if g := sim.Str(o, "_group"); g != "" {
			out["server_groups"] = []any{g}
		}
	}
	for key, since := range map[string]int{"locked": 9, "description": 19, "tags": 26, "locked_reason": 73} {
		if version < since {
			delete(out, key)
		}
	}
	if !r.Actor.Admin() {
		delete(out, "OS-EXT-SRV-ATTR:host")
	}
	return out
}

func (s *Service) flavorIn(r *sim.Request, o sim.Document) sim.Document {
	f := sim.Map(o, "_flavor")
	if microversion(r) < 47 {
		id := sim.Str(f, "id")
		return sim.Document{"id": id, "links": []any{sim.Document{"rel": "bookmark", "href": r.Base() + "/flavors/" + id}}}
	}
	return sim.Document{"original_name": f["name"], "vcpus": f["vcpus"], "ram": f["ram"], "disk": f["disk"],
		"ephemeral": 0, "swap": 0, "extra_specs": sim.Document{}}
}

func (s *Service) ports(server string) []sim.Document {
	return s.cloud.With("neutron/ports", "device_id", server)
}

func (s *Service) addresses(server string) sim.Document {
	out := sim.Document{}
	for _, p := range s.ports(server) {
		net := sim.Str(s.cloud.Get("neutron/networks", sim.Str(p, "network_id")), "name")
		add := func(addr any, kind string) {
			list, _ := out[net].([]any)
			out[net] = append(list, sim.Document{"addr": addr, "version": 4, "OS-EXT-IPS:type": kind,
				"OS-EXT-IPS-MAC:mac_addr": p["mac_address"]})
		}
		for _, ip := range sim.Objs(p, "fixed_ips") {
			add(ip["ip_address"], "fixed")
		}
		for _, f := range s.cloud.With("neutron/floatingips", "port_id", sim.Str(p, "id")) {
			add(f["floating_ip_address"], "floating")
		}
	}
	return out
}

func (s *Service) groupNames(server string) []any {
	seen, out := map[string]bool{}, []any{}
	for _, p := range s.ports(server) {
		for _, g := range sim.Strs(p, "security_groups") {
			if name := sim.Str(s.cloud.Get("neutron/security_groups", g), "name"); !seen[name] {
				seen[name] = true
				out = append(out, sim.Document{"name": name})
			}
		}
	}
	return out
}
