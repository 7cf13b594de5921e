package heat

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"mycloudmanager/sandbox/keystone"
	"mycloudmanager/sandbox/sim"
)

func (s *Service) stackRoutes() {
	s.Handle("POST /stacks", 201, s.create)
	s.Handle("GET /stacks", 200, s.list)
	s.Handle("GET /stacks/detail", 200, s.list)
	s.Handle("POST /stacks/preview", 200, s.preview)
	s.Handle("POST /validate", 200, s.validate, sim.Read)
	for _, verb := range []string{"GET", "DELETE"} {
		s.Handle(verb+" /stacks/{name}", 302, s.redirect(""))
	}
	for _, part := range []string{"resources", "events", "template", "outputs", "environment", "files"} {
		s.Handle("GET /stacks/{name}/"+part, 302, s.redirect("/"+part))
	}
	s.Handle("GET /stacks/{name}/{id}", 200, s.show)
	s.Handle("PUT /stacks/{name}/{id}", 202, s.update(false))
	s.Handle("PATCH /stacks/{name}/{id}", 202, s.update(true))
	s.Handle("DELETE /stacks/{name}/{id}", 204, s.delete)
	s.Handle("POST /stacks/{name}/{id}/actions", 200, s.act)
	s.Handle("GET /stacks/{name}/{id}/template", 200, s.part(func(o sim.Document) any {
		t, err := parse(o["_template"])
		if err != nil {
			return sim.Document{}
		}
		return t.doc
	}))
	s.Handle("GET /stacks/{name}/{id}/environment", 200, s.part(func(o sim.Document) any {
		return sim.Document{"parameters": s.shownParams(o, sim.Map(o, "_given")), "resource_registry": sim.Document{}, "parameter_defaults": sim.Document{}}
	}))
	s.Handle("GET /stacks/{name}/{id}/files", 200, s.part(func(o sim.Document) any { return sim.Map(o, "_files") }))
	s.Handle("GET /stacks/{name}/{id}/outputs", 200, s.part(func(o sim.Document) any {
		return sim.Document{"outputs": sim.Views(s.outputs(o), func(v sim.Document) sim.Document { return sim.Only(v, "output_key", "description") })}
	}))
	s.Handle("GET /stacks/{name}/{id}/outputs/{key}", 200, s.showOutput)
}

// find reads the stack that a path names by name, by id or by both.
func (s *Service) find(r *sim.Request) (sim.Document, error) {
	name, id := r.PathValue("name"), r.ID()
	if id == "" {
		id = name
	}
	o := s.stack(id)
	if o == nil || sim.Str(sim.Map(o, "_actor"), "project_id") != r.Scope() {
		return nil, stackNotFound(name)
	}
	return o, nil
}

func (s *Service) byName(project, name string) sim.Document {
	for _, o := range s.cloud.With(Stacks, "stack_name", name) {
		if sim.Str(sim.Map(o, "_actor"), "project_id") == project {
			return o
		}
	}
	return nil
}

// redirect sends a client that has only the name or only the id to the full address.
func (s *Service) redirect(part string) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o := s.byName(r.Scope(), r.PathValue("name"))
		if o == nil {
			var err error
			if o, err = s.find(r); err != nil {
				return nil, err
			}
		}
		url := s.url(r, o) + part
		if r.URL.RawQuery != "" {
			url += "?" + r.URL.RawQuery
		}
		return sim.Reply{Header: map[string]string{"Location": url, "Content-Type": "text/plain; charset=UTF-8"},
			Body: []byte("302 Found\n\nThe resource was found at " + url + "; you should be redirected automatically.  ")}, nil
	}
}

func (s *Service) url(r *sim.Request, o sim.Document) string {
	return r.Base() + "/stacks/" + sim.Str(o, "stack_name") + "/" + sim.Str(o, "id")
}

func (s *Service) links(r *sim.Request, o sim.Document) []any {
	return []any{sim.Document{"rel": "self", "href": s.url(r, o)}}
}

var stackName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,254}$`)

// validRequest is a request that passed validation.
type validRequest struct {
	template      *template
	source        any
	given, params sim.Document
	files         sim.Document
}

// prepare validates the template, files and parameters of a request. What a PATCH omits is taken from the
// existing stack.
func (s *Service) prepare(body, have sim.Document) (*validRequest, error) {
	p := &validRequest{source: body["template"], files: sim.Map(body, "files")}
	given, registry, err := environment(body)
	if err != nil {
		return nil, err
	}
	if have != nil {
		if p.source == nil || p.source == "" {
			p.source, p.files = have["_template"], sim.Map(have, "_files")
		}
		old := sim.Document{}
		maps.Copy(old, sim.Map(have, "_given"))
		for _, name := range sim.Strs(body, "clear_parameters") {
			delete(old, name)
		}
		maps.Copy(old, given)
		given = old
	}
	if p.files == nil {
		p.files = sim.Document{}
	}
	for alias, target := range registry { // a type may be an alias
		if content, ok := p.files[sim.Text(target)]; ok {
			p.files[alias] = content
		}
	}
	if p.template, err = parse(p.source); err != nil {
		return nil, err
	}
	if p.params, err = s.settle(p.template, given, true); err != nil {
		return nil, err
	}
	p.given = given
	if err := s.check(p.template, p.files); err != nil {
		return nil, err
	}
	return p, s.checkValues(p.template, p.params)
}

func (s *Service) create(r *sim.Request) (any, error) {
	name := sim.Str(r.Body, "stack_name")
	if !stackName.MatchString(name) {
		return nil, invalid("StackValidationFailed", "Invalid stack name %s must contain only alphanumeric or \"_-.\" characters, "+
			"must start with alpha and must be 255 characters or less.", name)
	}
	if s.byName(r.Scope(), name) != nil {
		return nil, sim.Conflict("The Stack (%s) already exists.", name).Typed("StackExists")
	}
	p, err := s.prepare(r.Body, nil)
	if err != nil {
		return nil, err
	}
	if err := mayDelegate(r); err != nil {
		return nil, err
	}
	limit := s.cloud.Limits("heat", r.Scope(), Defaults)["stacks"]
	mine := s.cloud.Where(Stacks, func(o sim.Document) bool { return sim.Str(sim.Map(o, "_actor"), "project_id") == r.Scope() })
	if sim.Over(limit, len(mine), 1) {
		return nil, sim.Forbidden("You have reached the maximum stacks per tenant, %d. Please delete some stacks.", limit).
			Typed("RequestLimitExceeded")
	}
	o := sim.Document{"id": sim.UUID(), "stack_name": name, "creation_time": s.now(), "updated_time": nil, "deletion_time": nil,
		"stack_owner": r.Actor.UserName, "parent": nil, "stack_user_project_id": sim.HexID(), "disable_rollback": true,
		"timeout_mins": r.Body["timeout_mins"], "tags": tags(r.Body), "project_id": r.Scope()}
	if v, ok := r.Body["disable_rollback"].(bool); ok {
		o["disable_rollback"] = v
	}
	s.adopt(r, o, p)
	s.run(o, "CREATE")
	return sim.Reply{Header: map[string]string{"Location": s.url(r, o)},
		Body: sim.Document{"stack": sim.Document{"id": o["id"], "links": s.links(r, o)}}}, nil
}

// mayDelegate refuses an application credential: Heat creates a trust for every stack it stores, and Keystone
// refuses that. Heat's response contains only this message.
func mayDelegate(r *sim.Request) error {
	if keystone.TrustRefused(r.Actor) != nil {
		return (&sim.Fault{Status: 500}).Typed("RemoteError")
	}
	return nil
}

func tags(body sim.Document) any {
	text := sim.Str(body, "tags")
	if text == "" {
		return nil
	}
	return sim.Anys(strings.Split(text, ","))
}

// adopt stores a validated request in the stack.
func (s *Service) adopt(r *sim.Request, o sim.Document, p *validRequest) {
	o["_same_files"] = o["_files"] != nil && string(sim.JSON(o["_files"])) == string(sim.JSON(p.files))
	o["_template"], o["_files"], o["_params"], o["_given"] = p.source, p.files, p.params, p.given
	o["_actor"] = r.Actor.Doc()
	o["description"] = describe(p.template.doc, "No description")
}

func (s *Service) list(r *sim.Request) (any, error) {
	docs := sim.Newest(s.cloud.Where(Stacks, func(o sim.Document) bool {
		return sim.Str(sim.Map(o, "_actor"), "project_id") == r.Scope() && tagged(o, r.URL.Query()) &&
			(r.Query("name") == "" || slices.Contains(r.URL.Query()["name"], sim.Str(o, "stack_name"))) &&
			(r.Query("status") == "" || slices.ContainsFunc(r.URL.Query()["status"], func(want string) bool {
				return strings.EqualFold(want, sim.Str(o, "stack_status")) || strings.HasSuffix(sim.Str(o, "stack_status"), "_"+want)
			}))
	}))
	if r.Query("sort_keys") == "stack_name" || r.Query("sort_keys") == "name" {
		slices.SortFunc(docs, func(a, b sim.Document) int {
			return strings.Compare(sim.Str(a, "stack_name"), sim.Str(b, "stack_name"))
		})
	}
	docs, next, err := r.Page(docs, 1000)
	if err != nil {
		return nil, err
	}
	out := sim.Document{"stacks": sim.Views(docs, func(o sim.Document) sim.Document {
		v := sim.Only(o, "id", "stack_name", "description", "stack_status", "stack_status_reason", "creation_time", "updated_time",
			"deletion_time", "stack_owner", "parent", "stack_user_project_id", "tags")
		v["links"] = s.links(r, o)
		return v
	})}
	if next != "" {
		out["links"] = []any{sim.Document{"rel": "next", "href": r.NextURL("/stacks", next)}}
	}
	return out, nil
}

// tagged applies the four tag filters.
func tagged(o sim.Document, q url.Values) bool {
	have := sim.Strs(o, "tags")
	count := func(want string) (hits, of int) {
		for t := range strings.SplitSeq(want, ",") {
			of++
			if slices.Contains(have, t) {
				hits++
			}
		}
		return hits, of
	}
	for filter, keep := range map[string]func(hits, of int) bool{
		"tags": func(hits, of int) bool { return hits == of }, "tags_any": func(hits, _ int) bool { return hits > 0 },
		"not_tags": func(hits, of int) bool { return hits < of }, "not_tags_any": func(hits, _ int) bool { return hits == 0 }} {
		if want := q.Get(filter); want != "" && !keep(count(want)) {
			return false
		}
	}
	return true
}

func (s *Service) show(r *sim.Request) (any, error) {
	o, err := s.find(r)
	if err != nil {
		return nil, err
	}
	out := sim.Public(o)
	delete(out, "project_id")
	out["links"], out["capabilities"], out["notification_topics"] = s.links(r, o), []any{}, []any{}
	out["template_description"] = o["description"]
	params := s.shownParams(o, sim.Map(o, "_params"))
	out["parameters"] = sim.Merge(params, sim.Document{"OS::stack_id": o["id"], "OS::stack_name": o["stack_name"],
		"OS::project_id": r.Scope()})
	out["outputs"] = []sim.Document{}
	if !inProgress(sim.Str(o, "stack_status")) && o["_template"] != nil && r.Query("resolve_outputs") != "False" {
		out["outputs"] = s.outputs(o)
	}
	return sim.Document{"stack": out}, nil
}

// shownParams renders parameters as strings and masks the hidden ones.
func (s *Service) shownParams(o, params sim.Document) sim.Document {
	out := sim.Document{}
	t, err := parse(o["_template"])
	if err != nil {
		return out
	}
	for name, v := range params {
		text := sim.Text(v)
		switch v.(type) {
		case sim.Document, []any:
			text = string(sim.JSON(v))
		}
		if sim.Bool(sim.Map(sim.Map(t.doc, "parameters"), name), "hidden") {
			text = "******"
		}
		out[name] = text
	}
	return out
}

func (s *Service) part(view func(sim.Document) any) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o, err := s.find(r)
		if err != nil {
			return nil, err
		}
		return view(o), nil
	}
}

func (s *Service) showOutput(r *sim.Request) (any, error) {
	o, err := s.find(r)
	if err != nil {
		return nil, err
	}
	for _, out := range s.outputs(o) {
		if sim.Str(out, "output_key") == r.PathValue("key") {
			return sim.Document{"output": out}, nil
		}
	}
	return nil, sim.NotFound("Specified output key %s not found.", r.PathValue("key")).Typed("NotFound")
}
