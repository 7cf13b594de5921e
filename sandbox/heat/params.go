package heat

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// environment merges the environment files, the environment and the parameters of a request. Later sources
// override earlier ones.
func environment(body sim.Document) (params, registry sim.Document, err error) {
	params, registry = sim.Document{}, sim.Document{}
	files := sim.Map(body, "files")
	sources := []any{}
	for _, name := range sim.Strs(body, "environment_files") {
		sources = append(sources, files[name])
	}
	sources = append(sources, body["environment"])
	for _, source := range sources {
		env, ok := source.(sim.Document)
		if text, isText := source.(string); isText {
			var err error
			if env, err = readYAML(text); err != nil {
				return nil, nil, invalid("HTTPBadRequest", "Environment not in valid format: %s", err)
			}
			ok = true
		}
		if ok {
			defaults := sim.Document{}
			maps.Copy(defaults, sim.Map(env, "parameter_defaults"))
			maps.Copy(defaults, params)
			params = defaults
			maps.Copy(params, sim.Map(env, "parameters"))
			maps.Copy(registry, sim.Map(env, "resource_registry"))
		}
	}
	maps.Copy(params, sim.Map(body, "parameters"))
	return params, registry, nil
}

// settle validates the parameters and fills in their defaults.
func (s *Service) settle(t *template, given sim.Document, strict bool) (sim.Document, error) {
	schema := sim.Map(t.doc, "parameters")
	for name := range given {
		if _, ok := schema[name]; !ok && strict {
			return nil, invalid("UnknownUserParameter", "The Parameter (%s) was not defined in template.", name)
		}
	}
	out := sim.Document{}
	for _, name := range slices.Sorted(maps.Keys(schema)) {
		def, _ := schema[name].(sim.Document)
		value, ok := given[name]
		if !ok || value == nil {
			if value, ok = def["default"]; !ok {
				return nil, invalid("UserParameterMissing", "The Parameter (%s) was not provided.", name)
			}
			ok = false
		}
		value, err := coerce(sim.Str(def, "type"), value)
		if err == "" && value != "" {
			err = s.constrain(def, value)
		}
		switch {
		case err != "" && !ok:
			return nil, invalid("InvalidSchemaError", "Parameter '%s' is invalid: Invalid default %s (%s)", name, sim.Text(value), err)
		case err != "":
			return nil, invalid("StackValidationFailed", "Parameter '%s' is invalid: %s", name, err)
		}
		out[name] = value
	}
	return out, nil
}

// coerce converts a value to the parameter's type; problem describes why it cannot.
func coerce(kind string, v any) (value any, problem string) {
	switch kind {
	case "number":
		f, err := strconv.ParseFloat(sim.Text(v), 64)
		if err != nil {
			return v, "could not convert string to float: '" + sim.Text(v) + "'"
		}
		return f, ""
	case "boolean":
		b, err := strconv.ParseBool(strings.ToLower(sim.Text(v)))
		if err != nil {
			return v, "Unrecognized value '" + sim.Text(v) + "', acceptable values are: 'true', 'false'"
		}
		return b, ""
	case "comma_delimited_list":
		if list, ok := v.([]any); ok {
			return list, ""
		}
		if sim.Text(v) == "" {
			return []any{}, ""
		}
		return sim.Anys(strings.Split(sim.Text(v), ",")), ""
	case "json":
		if text, ok := v.(string); ok {
			var out any
			if err := json.Unmarshal([]byte(text), &out); err != nil {
				return v, "Value must be valid JSON: " + err.Error()
			}
			return out, ""
		}
		return v, ""
	}
	if _, simple := v.(string); simple || v == nil {
		return sim.Text(v), ""
	}
	if _, ok := v.(sim.Document); ok {
		return string(sim.JSON(v)), ""
	}
	return sim.Text(v), ""
}

// constrain checks a value against the constraints of its parameter.
func (s *Service) constrain(def sim.Document, v any) string {
	for _, c := range sim.Objs(def, "constraints") {
		for kind, arg := range c {
			if kind == "description" {
				continue
			}
			if problem := s.violates(kind, arg, v); problem != "" {
				if d := sim.Str(c, "description"); d != "" {
					return d
				}
				return problem
			}
		}
	}
	return ""
}

func (s *Service) violates(kind string, arg, v any) string {
	bounds, _ := arg.(sim.Document)
	switch kind {
	case "range":
		f, _ := v.(float64)
		if outside(bounds, f) {
			return sim.Text(v) + " is out of range (min: " + bound(bounds, "min") + ", max: " + bound(bounds, "max") + ")"
		}
	case "length":
		if outside(bounds, float64(length(v))) {
			return "length (" + strconv.Itoa(length(v)) + ") is out of range (min: " + bound(bounds, "min") + ", max: " + bound(bounds, "max") + ")"
		}
	case "allowed_values":
		list, _ := arg.([]any)
		if !slices.ContainsFunc(list, func(a any) bool { return sim.Text(a) == sim.Text(v) }) {
			return sim.Text(v) + " is not an allowed value " + strings.ReplaceAll(string(sim.JSON(list)), `"`, "'")
		}
	case "allowed_pattern":
		re, err := regexp.Compile("^(?:" + sim.Text(arg) + ")$")
		if err != nil || !re.MatchString(sim.Text(v)) {
			return "\"" + sim.Text(v) + "\" does not match pattern \"" + sim.Text(arg) + "\""
		}
	case "custom_constraint":
		return s.exists(sim.Text(arg), sim.Text(v))
	}
	return ""
}

func outside(bounds sim.Document, f float64) bool {
	lo, hasLo := bounds["min"].(float64)
	hi, hasHi := bounds["max"].(float64)
	return (hasLo && f < lo) || (hasHi && f > hi)
}

func bound(bounds sim.Document, key string) string {
	if v, ok := bounds[key]; ok {
		return sim.Text(v)
	}
	return "None"
}

func length(v any) int {
	switch t := v.(type) {
	case string:
		return len(t)
	case []any:
		return len(t)
	case sim.Document:
		return len(t)
	}
	return 0
}

// custom are the constraints that ask another service.
var custom = map[string]struct{ kind, text string }{
	"nova.flavor":     {"nova/flavors", "No Flavor matching {'name': '%'}. (HTTP 404)"},
	"glance.image":    {"glance/images", "No images matching {'name': '%'}. (HTTP 404)"},
	"neutron.network": {"neutron/networks", "Unable to find network with name or id '%'"},
	"neutron.subnet":  {"neutron/subnets", "Unable to find subnet with name or id '%'"},
	"nova.keypair":    {"nova/keypairs", "The Key (%) could not be found."},
	"cinder.vtype":    {"cinder/types", "The VolumeType (%) could not be found."},
}

func (s *Service) exists(constraint, ref string) string {
	c, ok := custom[constraint]
	if !ok || ref == "" || s.lookup(c.kind, ref) != nil {
		return ""
	}
	return "Error validating value '" + ref + "': " + strings.ReplaceAll(c.text, "%", ref)
}

// lookup finds a document by id or name.
func (s *Service) lookup(kind, ref string) sim.Document {
	if o := s.cloud.Get(kind, ref); o != nil {
		return o
	}
	for _, o := range s.cloud.With(kind, "name", ref) {
		return o
	}
	return nil
}
