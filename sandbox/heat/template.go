package heat

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// template is a parsed HOT template. https://docs.openstack.org/heat/latest/template_guide/hot_spec.html
type template struct {
	doc       sim.Document
	resources map[string]sim.Document
}

var versions = []string{"2013-05-23", "2014-10-16", "2015-04-30", "2015-10-15", "2016-04-08", "2016-10-14", "2017-02-24",
	"2017-09-01", "2018-03-02", "2018-08-31", "2021-04-16", "wallaby", "newton", "ocata", "pike", "queens", "rocky"}

var sections = []string{"heat_template_version", "description", "parameter_groups", "parameters", "resources", "outputs", "conditions"}

// parse parses a template given as text or as a decoded document.
func parse(source any) (*template, error) {
	t := &template{resources: map[string]sim.Document{}}
	switch v := source.(type) {
	case sim.Document:
		t.doc = v
	case string:
		doc, err := readYAML(v)
		if err != nil {
			return nil, invalid("HTTPBadRequest", "Template not in valid format: Error parsing template [root stack] %s", err)
		}
		t.doc = doc
	}
	if len(t.doc) == 0 {
		return nil, invalid("HTTPBadRequest", "No template specified")
	}
	version := sim.Text(t.doc["heat_template_version"])
	if !slices.Contains(versions, version) {
		return nil, invalid("InvalidTemplateVersion", "The template version is invalid: \"heat_template_version: %s\". "+
			"\"heat_template_version\" should be one of: %s", version, strings.Join(versions, ", "))
	}
	for section := range t.doc {
		if !slices.Contains(sections, section) {
			return nil, invalid("InvalidTemplateSection", "The template section is invalid: %s", section)
		}
	}
	for name, v := range sim.Map(t.doc, "resources") {
		def, ok := v.(sim.Document)
		if !ok || sim.Str(def, "type") == "" {
			return nil, invalid("StackValidationFailed", "Resource %s: Every Resource object must contain a type member.", name)
		}
		t.resources[name] = def
	}
	return t, nil
}

// names returns the names of the template's resources in a stable order.
func (t *template) names() []string { return slices.Sorted(maps.Keys(t.resources)) }

// requires returns the resources that a resource depends on: in depends_on or by reference.
func (t *template) requires(name string) []string {
	need := map[string]bool{}
	def := t.resources[name]
	switch d := def["depends_on"].(type) {
	case string:
		need[d] = true
	case []any:
		for _, v := range d {
			need[sim.Text(v)] = true
		}
	}
	refer(def["properties"], need)
	delete(need, name)
	return slices.Sorted(maps.Keys(need))
}

// refer collects the resources that a value refers to.
func refer(v any, into map[string]bool) {
	switch t := v.(type) {
	case sim.Document:
		if len(t) == 1 {
			if name, ok := t["get_resource"].(string); ok {
				into[name] = true
			}
			if args, ok := t["get_attr"].([]any); ok && len(args) > 0 {
				into[sim.Text(args[0])] = true
			}
		}
		for _, inner := range t {
			refer(inner, into)
		}
	case []any:
		for _, inner := range t {
			refer(inner, into)
		}
	}
}

// required are the mandatory properties of each type.
var required = map[string][]string{"OS::Nova::KeyPair": {"name"}, "OS::Nova::Server": {"flavor"}, "OS::Heat::Value": {"value"},
	"OS::Cinder::VolumeAttachment": {"instance_uuid", "volume_id"}}

// check refuses an invalid template: unknown types and properties, dangling references, cycles. files are the
// nested templates.
func (s *Service) check(t *template, files sim.Document) error {
	for _, name := range t.names() {
		def := t.resources[name]
		kind := sim.Str(def, "type")
		if !s.knows(kind, files) {
			return invalid("StackValidationFailed", "The Resource Type (%s) could not be found.", kind)
		}
		for _, need := range t.requires(name) {
			if _, ok := t.resources[need]; !ok {
				return invalid("InvalidTemplateReference", "The specified reference \"%s\" (in %s) is incorrect.", need, t.place(name, need))
			}
		}
		for prop := range sim.Map(def, "properties") {
			if known := s.types[kind].properties; len(known) > 0 && !slices.Contains(known, prop) {
				return invalid("StackValidationFailed", "Property error: : resources.%s.properties: : Unknown Property %s", name, prop)
			}
		}
		if err := s.checkNested(kind, files); err != nil {
			return err
		}
		if kind == groupType {
			if err := s.checkNested(sim.Str(sim.Map(sim.Map(def, "properties"), "resource_def"), "type"), files); err != nil {
				return err
			}
		}
	}
	if _, err := t.order(); err != nil {
		return err
	}
	return nil
}

func (s *Service) checkNested(kind string, files sim.Document) error {
	source, ok := files[kind]
	if !ok {
		if kind != "" && !s.knows(kind, files) {
			return invalid("StackValidationFailed", "The Resource Type (%s) could not be found.", kind)
		}
		return nil
	}
	nested, err := parse(source)
	if err != nil {
		return err
	}
	return s.check(nested, files)
}

func (s *Service) knows(kind string, files sim.Document) bool {
	_, builtin := s.types[kind]
	_, nested := files[kind]
	return builtin || nested
}

// place returns where a resource refers to another one.
func (t *template) place(name, need string) string {
	for prop, v := range sim.Map(t.resources[name], "properties") {
		found := map[string]bool{}
		if refer(v, found); found[need] {
			return name + ".Properties." + prop
		}
	}
	return name
}

// order returns the resources in dependency order.
func (t *template) order() ([]string, error) {
	var out []string
	state := map[string]int{}
	var visit func(name string) error
	visit = func(name string) error {
		switch state[name] {
		case 1:
			return (&sim.Fault{Status: 500}).Typed("RemoteError") // Heat's engine in the Zed release fails on it
		case 2:
			return nil
		}
		state[name] = 1
		for _, need := range t.requires(name) {
			if err := visit(need); err != nil {
				return err
			}
		}
		state[name] = 2
		out = append(out, name)
		return nil
	}
	for _, name := range t.names() {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// requiredBy returns the resources that depend on one.
func (t *template) requiredBy(name string) []string {
	out := []string{}
	for _, other := range t.names() {
		if slices.Contains(t.requires(other), name) {
			out = append(out, other)
		}
	}
	return out
}

func describe(o sim.Document, fallback string) string {
	if d := sim.Text(o["description"]); d != "" {
		return d
	}
	return fallback
}

// bug is an internal error of the simulator, rendered as Heat renders its own.
func bug(format string, args ...any) error { return fmt.Errorf(format, args...) }

func sortedKeys(o sim.Document) []string { return slices.Sorted(maps.Keys(o)) }
