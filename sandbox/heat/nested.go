package heat

import (
	"strconv"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// Resource types that are stacks of their own.
const (
	groupType  = "OS::Heat::ResourceGroup"
	nestedType = "nested template"
)

// nestedFailure is the failure of a nested stack.
type nestedFailure struct{ failure }

func (f *nestedFailure) Error() string { return f.text() }

// nestedTypes returns the resource types that are stacks.
func nestedTypes() map[string]resourceType {
	base := resourceType{create: createNested, ready: nestedReady, remove: removeNested, deleted: nestedDeleted,
		update: updateNested, nested: true}
	group, single := base, base
	group.properties = []string{"count", "resource_def", "index_var", "removal_policies", "removal_policies_mode"}
	group.attribute, single.attribute = groupAttribute, outputAttribute
	return map[string]resourceType{groupType: group, nestedType: single}
}

// plan returns the template and the parameters of the nested stack.
func (t *task) plan() (tmpl any, params sim.Document, err error) {
	if sim.Str(t.res, "resource_type") == groupType {
		return groupTemplate(t.props), sim.Document{}, nil
	}
	source := t.scope.files[sim.Str(t.res, "resource_type")]
	parsed, err := parse(source)
	if err != nil {
		return nil, nil, err
	}
	params, err = t.settle(parsed, t.props, true)
	return source, params, err
}

// groupTemplate expands a group into resources "0", "1", … with the index substituted.
func groupTemplate(props sim.Document) sim.Document {
	def, index := sim.Map(props, "resource_def"), sim.Str(props, "index_var")
	if index == "" {
		index = "%index%"
	}
	count := 1
	if _, given := props["count"]; given {
		count = sim.Int(props, "count")
	}
	members := sim.Document{}
	for i := range count {
		name := strconv.Itoa(i)
		members[name] = replaceIn(sim.Document{"type": def["type"], "properties": sim.Map(def, "properties")}, index, name)
	}
	return sim.Document{"heat_template_version": "2018-08-31", "resources": members}
}

func createNested(t *task) (string, error) {
	tmpl, params, err := t.plan()
	if err != nil {
		return "", err
	}
	root := sim.Str(t.stack, "_root")
	if root == "" {
		root = sim.Str(t.stack, "id")
	}
	nested := sim.Document{"id": sim.UUID(), "stack_name": t.res["_name"], "parent": t.stack["id"], "_parent_resource": t.name,
		"_root": root, "_template": tmpl, "_params": params, "_actor": t.stack["_actor"], "creation_time": t.now(),
		"updated_time": nil, "tags": nil, "disable_rollback": true, "timeout_mins": t.stack["timeout_mins"],
		"stack_owner": t.stack["stack_owner"]}
	t.run(nested, "CREATE")
	return sim.Str(nested, "id"), nil
}

func nestedReady(t *task) (bool, error) {
	nested := t.cloud.Get(Nested, t.physical())
	if nested == nil {
		return false, sim.NotFound("The Stack (%s) could not be found.", t.physical())
	}
	if inProgress(sim.Str(nested, "stack_status")) {
		t.advance(nested)
	}
	switch status := sim.Str(nested, "stack_status"); {
	case inProgress(status):
		return false, nil
	case sim.Map(nested, "_failure") != nil:
		return false, &nestedFailure{*failureOf(sim.Map(nested, "_failure"))}
	}
	return true, nil
}

func updateNested(t *task, _ sim.Document) (bool, error) {
	nested := t.cloud.Get(Nested, t.physical())
	if nested == nil {
		return false, nil
	}
	tmpl, params, err := t.plan()
	if err != nil {
		return false, err
	}
	nested["_template"], nested["_params"], nested["_actor"] = tmpl, params, t.stack["_actor"]
	nested["updated_time"] = t.now()
	delete(nested, "_failure")
	t.run(nested, "UPDATE")
	return true, nil
}

func removeNested(t *task) error {
	if nested := t.cloud.Get(Nested, t.physical()); nested != nil {
		delete(nested, "_failure")
		t.run(nested, "DELETE")
	}
	return nil
}

func nestedDeleted(t *task) (bool, error) {
	nested := t.cloud.Get(Nested, t.physical())
	if nested == nil {
		return true, nil
	}
	if inProgress(sim.Str(nested, "stack_status")) {
		t.advance(nested)
	}
	if f := sim.Map(nested, "_failure"); f != nil && !inProgress(sim.Str(nested, "stack_status")) {
		return false, &nestedFailure{*failureOf(f)}
	}
	return t.cloud.Get(Nested, t.physical()) == nil, nil
}

// outputAttribute returns an attribute of a nested template, which is one of its outputs.
func outputAttribute(s *Service, res sim.Document, name string) any {
	nested := s.cloud.Get(Nested, sim.Str(res, "physical_resource_id"))
	if nested == nil {
		return nil
	}
	if name == "OS::stack_id" {
		return nested["id"]
	}
	for _, o := range s.outputs(nested) {
		if sim.Str(o, "output_key") == name {
			return o["output_value"]
		}
	}
	return nil
}

// groupAttribute returns resource.<n>.<attribute> of one member, an attribute of all members, or their
// references.
func groupAttribute(s *Service, res sim.Document, name string) any {
	members := s.resources(sim.Str(res, "physical_resource_id"))
	out := make([]any, len(members))
	refs := sim.Document{}
	for i, m := range members {
		index := sim.ToInt(m["resource_name"])
		if one := "resource." + sim.Str(m, "resource_name"); name == one {
			return m["physical_resource_id"]
		} else if rest, ok := strings.CutPrefix(name, one+"."); ok {
			return s.attribute(m, rest)
		}
		if index >= len(members) {
			index = i
		}
		refs[sim.Str(m, "resource_name")] = m["physical_resource_id"]
		if name == "refs" {
			out[index] = m["physical_resource_id"]
		} else {
			out[index] = s.attribute(m, name)
		}
	}
	if name == "refs_map" {
		return refs
	}
	return out
}

// attribute evaluates get_attr on a resource.
func (s *Service) attribute(res sim.Document, name string) any {
	if k := s.typeOf(sim.Str(res, "resource_type")); k.attribute != nil {
		return k.attribute(s, res, name)
	}
	return nil
}

// attributes returns all attributes of a resource that is a document of another service.
func (s *Service) attributes(res sim.Document) any {
	if v := s.attribute(res, "show"); v != nil {
		return v
	}
	return sim.Document{}
}

// outputs evaluates the outputs of a stack; outputs that cannot be evaluated are null.
func (s *Service) outputs(stack sim.Document) []sim.Document {
	c, err := s.scope(stack)
	if err != nil {
		return []sim.Document{}
	}
	out := []sim.Document{}
	for _, key := range sortedKeys(sim.Map(c.template.doc, "outputs")) {
		def := sim.Map(sim.Map(c.template.doc, "outputs"), key)
		o := sim.Document{"output_key": key, "description": describe(def, "No description given")}
		value, err := c.resolve(def["value"])
		if err != nil {
			o["output_error"] = err.Error()
		}
		o["output_value"] = value
		out = append(out, o)
	}
	return out
}
