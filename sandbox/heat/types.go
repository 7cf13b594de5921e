package heat

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// resourceTypes returns all resource types that a template may use.
func (s *Service) resourceTypes() map[string]resourceType {
	out := map[string]resourceType{}
	for _, group := range []map[string]resourceType{neutronTypes(), novaTypes(), cinderTypes(), plainTypes(), nestedTypes()} {
		maps.Copy(out, group)
	}
	return out
}

// collection is a type of resource that a service creates with POST and deletes with DELETE.
type collection struct{ service, path, key, kind string }

func (c collection) post(t *task, body sim.Document) (string, error) {
	out, err := t.call(c.service, "POST", c.path, sim.Document{c.key: body})
	if err != nil {
		return "", err
	}
	return sim.Str(sim.Map(out, c.key), "id"), nil
}

func (c collection) remove(t *task) error {
	_, err := t.call(c.service, "DELETE", c.path+"/"+t.physical(), nil)
	return err
}

func (c collection) deleted(t *task) (bool, error) {
	_, err := t.call(c.service, "GET", c.path+"/"+t.physical(), nil)
	var fault *sim.Fault
	if errors.As(err, &fault) && fault.Status == http.StatusNotFound {
		return true, nil
	}
	return false, err
}

func (c collection) get(t *task) (sim.Document, error) {
	out, err := t.call(c.service, "GET", c.path+"/"+t.physical(), nil)
	return sim.Map(out, c.key), err
}

func (c collection) attribute(s *Service, res sim.Document, name string) any {
	o := s.cloud.Get(c.kind, sim.Str(res, "physical_resource_id"))
	if o == nil {
		return nil
	}
	if name == "show" {
		return sim.Public(o)
	}
	return o[name]
}

// named returns a request body with the given name, or with one that Heat generates.
func (t *task) named(keys ...string) sim.Document {
	body := sim.Only(t.props, append(keys, "name")...)
	if sim.Str(body, "name") == "" {
		body["name"] = t.res["_name"]
	}
	maps.Copy(body, sim.Map(t.props, "value_specs"))
	return body
}

// ref resolves a reference by id or name.
func (t *task) ref(kind string, v any) any {
	if o := t.lookup(kind, sim.Text(v)); o != nil {
		return o["id"]
	}
	return v
}

// first returns the first property that is set: old templates spell some with _id.
func (t *task) first(keys ...string) any {
	for _, k := range keys {
		if v := t.props[k]; v != nil && v != "" {
			return v
		}
	}
	return nil
}

// changed returns the properties that differ, except those in but.
func changed(old, props sim.Document, but ...string) []string {
	var out []string
	for _, m := range []sim.Document{old, props} {
		for k := range m {
			if string(sim.JSON(old[k])) != string(sim.JSON(props[k])) && !slices.Contains(but, k) && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	return out
}

// plainTypes are the resource types that exist only in Heat.
func plainTypes() map[string]resourceType {
	made := func(t *task) (string, error) { return sim.Str(t.res, "_name"), nil }
	value := resourceType{properties: []string{"value", "type"}, create: made,
		update: func(*task, sim.Document) (bool, error) { return true, nil },
		attribute: func(_ *Service, res sim.Document, name string) any {
			if name == "value" {
				return sim.Map(res, "_props")["value"]
			}
			return nil
		}}
	config := resourceType{create: func(*task) (string, error) { return sim.UUID(), nil },
		attribute: func(_ *Service, res sim.Document, name string) any {
			props := sim.Map(res, "_props")
			if name == "config" {
				return render(props)
			}
			return props[name]
		}}
	return map[string]resourceType{
		"OS::Heat::None":  {create: made, update: func(*task, sim.Document) (bool, error) { return true, nil }},
		"OS::Heat::Value": value, "OS::Heat::SoftwareConfig": config, "OS::Heat::CloudConfig": config, "OS::Heat::MultipartMime": config,
		"OS::Heat::RandomString": {properties: []string{"length", "character_classes", "character_sequences", "salt", "sequence"},
			create: randomString, reference: func(res sim.Document) any { return res["_value"] },
			attribute: func(_ *Service, res sim.Document, name string) any {
				if name == "value" {
					return res["_value"]
				}
				return nil
			}},
	}
}

func randomString(t *task) (string, error) {
	length := sim.Int(t.props, "length")
	if length == 0 {
		length = 32
	}
	text := strings.Map(func(r rune) rune { // letters and digits by default
		if r == '-' || r == '_' {
			return 'x'
		}
		return r
	}, sim.Secret(length))
	t.res["_value"] = text[:length]
	return sim.Str(t.res, "_name"), nil
}

// render returns the text of a software configuration.
func render(props sim.Document) any {
	if cloud, ok := props["cloud_config"]; ok {
		return "#cloud-config\n" + string(sim.JSON(cloud))
	}
	if parts := sim.Objs(props, "parts"); len(parts) > 0 {
		var b strings.Builder
		for _, p := range parts {
			b.WriteString(sim.Text(p["config"]) + "\n")
		}
		return b.String()
	}
	return props["config"]
}
