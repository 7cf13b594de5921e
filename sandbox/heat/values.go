package heat

import (
	"maps"
	"slices"

	"mycloudmanager/sandbox/sim"
)

// constrained are the properties whose value must be an existing resource.
var constrained = map[string]map[string]string{
	"OS::Nova::Server":             {"flavor": "nova.flavor", "image": "glance.image", "key_name": "nova.keypair"},
	"OS::Neutron::Port":            {"network": "neutron.network"},
	"OS::Neutron::Subnet":          {"network": "neutron.network"},
	"OS::Neutron::FloatingIP":      {"floating_network": "neutron.network"},
	"OS::Cinder::Volume":           {"volume_type": "cinder.vtype"},
	"OS::Neutron::RouterInterface": {"subnet": "neutron.subnet"},
}

// checkValues refuses property values that name resources that do not exist, as far as the values are known
// before creation.
func (s *Service) checkValues(t *template, params sim.Document) error {
	for _, name := range t.names() {
		def := t.resources[name]
		kind := sim.Str(def, "type")
		if def["condition"] != nil {
			continue
		}
		for _, prop := range required[kind] {
			if _, given := sim.Map(def, "properties")[prop]; !given {
				return invalid("StackValidationFailed", "Property error: : resources.%s.properties: : Property %s not assigned", name, prop)
			}
		}
		limits := constrained[kind]
		for _, prop := range slices.Sorted(maps.Keys(limits)) {
			constraint := limits[prop]
			value := sim.Map(def, "properties")[prop]
			if f, ok := value.(sim.Document); ok && len(f) == 1 {
				param, _ := f["get_param"].(string)
				value = params[param]
			}
			text, literal := value.(string)
			if problem := s.exists(constraint, text); literal && problem != "" {
				return invalid("StackValidationFailed", "Property error: : resources.%s.properties.%s: : %s", name, prop, problem)
			}
		}
	}
	return nil
}
