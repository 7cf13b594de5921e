package heat

import (
	"errors"
	"strings"

	"mycloudmanager/sandbox/sim"
)

const accepted = "202 Accepted\n\nThe request is accepted for processing.\n\n   "

// update replaces a stack's template and parameters. A patch keeps whatever the request omits.
func (s *Service) update(patch bool) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o, err := s.find(r)
		if err != nil {
			return nil, err
		}
		var have sim.Document
		if patch {
			have = o
		}
		p, err := s.prepare(r.Body, have)
		if err != nil {
			return nil, err
		}
		if err := mayDelegate(r); err != nil {
			return nil, err
		}
		if _, given := r.Body["tags"]; given || !patch {
			o["tags"] = tags(r.Body)
		}
		if v, given := r.Body["timeout_mins"]; given {
			o["timeout_mins"] = v
		}
		o["updated_time"] = s.now()
		delete(o, "_failure")
		s.adopt(r, o, p)
		s.run(o, "UPDATE")
		return sim.Reply{Header: map[string]string{"Content-Type": "text/plain; charset=UTF-8"}, Body: []byte(accepted)}, nil
	}
}

func (s *Service) delete(r *sim.Request) (any, error) {
	o, err := s.find(r)
	if err != nil {
		return nil, err
	}
	if o["_template"] != nil && sim.Str(o, "stack_status") != "DELETE_IN_PROGRESS" {
		delete(o, "_failure")
		o["_actor"] = r.Actor.Doc()
		s.run(o, "DELETE")
	}
	return nil, nil
}

// act handles POST …/actions.
func (s *Service) act(r *sim.Request) (any, error) {
	o, err := s.find(r)
	if err != nil {
		return nil, err
	}
	status := sim.Str(o, "stack_status")
	for verb := range r.Body {
		switch verb {
		case "check", "suspend", "resume":
			s.run(o, strings.ToUpper(verb))
		case "cancel_update", "cancel_without_rollback":
			if status != "UPDATE_IN_PROGRESS" && (verb == "cancel_update" || status != "CREATE_IN_PROGRESS") {
				return nil, invalid("NotSupported", "Cancelling update when stack is %s is not supported.", status)
			}
			o["_op"] = sim.UUID()
			s.set(o, sim.Str(o, "_action"), "FAILED", "Stack "+sim.Str(o, "_action")+" cancelled")
		default:
			return nil, invalid("HTTPBadRequest", "Invalid action %s specified", verb)
		}
	}
	return nil, nil
}

// validate describes the parameters of a template.
func (s *Service) validate(r *sim.Request) (any, error) {
	t, err := parse(r.Body["template"])
	if err != nil {
		return nil, err
	}
	files := sim.Map(r.Body, "files")
	if err := s.check(t, files); err != nil {
		return nil, unchecked(err)
	}
	given, _, err := environment(r.Body)
	if err != nil {
		return nil, err
	}
	params := sim.Document{}
	for _, name := range sortedKeys(sim.Map(t.doc, "parameters")) {
		def := sim.Map(sim.Map(t.doc, "parameters"), name)
		p := sim.Document{"Type": kinds[sim.Str(def, "type")], "Description": describe(def, ""), "Label": name, "NoEcho": "false"}
		if sim.Bool(def, "hidden") {
			p["NoEcho"] = "true"
		}
		if v, ok := def["default"]; ok {
			p["Default"] = v
		}
		if v, ok := given[name]; ok {
			p["Value"] = v
		}
		params[name] = p
	}
	return sim.Document{"Description": describe(t.doc, "No description"), "Parameters": params, "Environment": sim.Document{
		"resource_registry": sim.Document{"resources": sim.Document{}}, "parameters": given, "parameter_defaults": sim.Document{}, "event_sinks": []any{}}}, nil
}

// unchecked rewrites an error as template-validate reports it: with one wrapping fewer and without an exception
// class.
func unchecked(err error) error {
	var f *sim.Fault
	if errors.As(err, &f) && f.Type == "StackValidationFailed" {
		return invalid("HTTPBadRequest", "%s", strings.ReplaceAll(f.Message, ": :", ":"))
	}
	return err
}

var kinds = map[string]string{"string": "String", "number": "Number", "json": "Json", "boolean": "Boolean",
	"comma_delimited_list": "CommaDelimitedList"}

// preview returns the resources that a stack would have. It creates nothing.
func (s *Service) preview(r *sim.Request) (any, error) {
	p, err := s.prepare(r.Body, nil)
	if err != nil {
		return nil, err
	}
	order, err := p.template.order()
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, name := range order {
		def := p.template.resources[name]
		list = append(list, sim.Document{"resource_name": name, "resource_type": def["type"], "resource_action": "INIT",
			"resource_status": "COMPLETE", "resource_status_reason": "", "physical_resource_id": "", "attributes": sim.Document{},
			"properties": sim.Map(def, "properties"), "description": "", "required_by": p.template.requiredBy(name)})
	}
	return sim.Document{"stack": sim.Document{"id": "None", "stack_name": r.Body["stack_name"], "description": describe(p.template.doc, "No description"),
		"parameters": p.params, "resources": list, "capabilities": []any{}, "disable_rollback": true,
		"creation_time": s.now(), "stack_owner": r.Actor.UserName}}, nil
}
