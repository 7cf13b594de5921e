package heat

import (
	"encoding/base64"
	"fmt"
	"slices"

	"mycloudmanager/sandbox/sim"
)

var (
	servers      = collection{"nova", "/v2.1/servers", "server", "nova/servers"}
	serverGroups = collection{"nova", "/v2.1/os-server-groups", "server_group", "nova/server_groups"}
)

func novaTypes() map[string]resourceType {
	return map[string]resourceType{
		"OS::Nova::Server": {properties: []string{"name", "flavor", "image", "key_name", "networks", "security_groups", "user_data",
			"user_data_format", "user_data_update_policy", "metadata", "config_drive", "scheduler_hints", "availability_zone",
			"block_device_mapping_v2", "block_device_mapping", "flavor_update_policy", "image_update_policy", "tags", "admin_pass",
			"diskConfig", "personality", "software_config_transport", "deployment_swift_data"},
			create: createServer, ready: serverReady, update: updateServer, remove: servers.remove, deleted: servers.deleted,
			attribute: serverAttribute},
		"OS::Nova::ServerGroup": {properties: []string{"name", "policies", "rules"}, remove: serverGroups.remove, deleted: serverGroups.deleted,
			attribute: serverGroups.attribute,
			create: func(t *task) (string, error) {
				body := t.named()
				policy := "anti-affinity"
				if list := sim.Strs(t.props, "policies"); len(list) > 0 {
					policy = list[0]
				}
				body["policy"] = policy
				return serverGroups.post(t, body)
			}},
		"OS::Nova::KeyPair": {properties: []string{"name", "public_key", "save_private_key", "type", "user"},
			create: func(t *task) (string, error) {
				_, err := t.call("nova", "POST", "/v2.1/os-keypairs", sim.Document{"keypair": sim.Only(t.props, "name", "public_key")})
				return sim.Str(t.props, "name"), err
			},
			remove: func(t *task) error {
				_, err := t.call("nova", "DELETE", "/v2.1/os-keypairs/"+t.physical(), nil)
				return err
			}},
	}
}

func createServer(t *task) (string, error) {
	body := t.named("key_name", "metadata", "config_drive", "availability_zone", "block_device_mapping_v2")
	flavor := t.lookup("nova/flavors", sim.Str(t.props, "flavor"))
	if flavor == nil {
		return "", fmt.Errorf("StackValidationFailed: Property error: resources.%s.properties.flavor: Error validating value '%s': "+
			"No Flavor matching {'name': '%s'}. (HTTP 404)", t.name, sim.Text(t.props["flavor"]), sim.Text(t.props["flavor"]))
	}
	body["flavorRef"] = flavor["id"]
	if image := sim.Str(t.props, "image"); image != "" {
		body["imageRef"] = t.ref("glance/images", image)
	}
	if data := sim.Text(t.props["user_data"]); data != "" {
		body["user_data"] = base64.StdEncoding.EncodeToString([]byte(data))
	}
	var nics []any
	for _, n := range sim.Objs(t.props, "networks") {
		nic := sim.Only(n, "port", "fixed_ip")
		for _, k := range []string{"network", "uuid"} {
			if v := sim.Text(n[k]); v != "" {
				nic["uuid"] = t.ref(networks.kind, v)
			}
		}
		nics = append(nics, nic)
	}
	if nics != nil {
		body["networks"] = nics
	}
	var names []any
	for _, g := range sim.Strs(t.props, "security_groups") {
		names = append(names, sim.Document{"name": g})
	}
	if names != nil {
		body["security_groups"] = names
	}
	out, err := t.call("nova", "POST", servers.path, sim.Document{"server": body, "os:scheduler_hints": sim.Map(t.props, "scheduler_hints")})
	return sim.Str(sim.Map(out, "server"), "id"), err
}

func serverReady(t *task) (bool, error) {
	o, err := servers.get(t)
	if err != nil {
		return false, err
	}
	switch status := sim.Str(o, "status"); status {
	case "ACTIVE", "SHUTOFF":
		return status == "ACTIVE" || sim.Str(t.res, "_action") == "UPDATE", nil
	case "VERIFY_RESIZE":
		_, err := t.call("nova", "POST", servers.path+"/"+t.physical()+"/action", sim.Document{"confirmResize": nil})
		return false, err
	case "ERROR":
		fault := sim.Map(o, "fault")
		return false, fmt.Errorf("ResourceInError: Went to status ERROR due to \"Message: %s, Code: %d\"",
			sim.Str(fault, "message"), sim.Int(fault, "code"))
	}
	return false, nil
}

// updateServer updates a server in place where possible. Changed user data requires a replacement, unless the
// template's user_data_update_policy is IGNORE.
func updateServer(t *task, old sim.Document) (bool, error) {
	diff := changed(old, t.props, "user_data_update_policy", "flavor_update_policy", "image_update_policy")
	inPlace := []string{"name", "metadata", "flavor", "scheduler_hints"}
	if sim.Str(t.props, "user_data_update_policy") == "IGNORE" {
		inPlace = append(inPlace, "user_data")
	}
	if slices.ContainsFunc(diff, func(k string) bool { return !slices.Contains(inPlace, k) }) {
		return false, nil
	}
	path := servers.path + "/" + t.physical()
	for _, k := range diff {
		var err error
		switch k {
		case "name":
			_, err = t.call("nova", "PUT", path, sim.Document{"server": t.named()})
		case "metadata":
			_, err = t.call("nova", "PUT", path+"/metadata", sim.Document{"metadata": t.props["metadata"]})
		case "flavor":
			_, err = t.call("nova", "POST", path+"/action",
				sim.Document{"resize": sim.Document{"flavorRef": t.ref("nova/flavors", t.props["flavor"])}})
		}
		if err != nil {
			return true, err
		}
	}
	return true, nil
}

func serverAttribute(s *Service, res sim.Document, name string) any {
	id := sim.Str(res, "physical_resource_id")
	var fixed []any
	byNet := sim.Document{}
	for _, p := range s.cloud.With(ports.kind, "device_id", id) {
		net := sim.Str(s.cloud.Get(networks.kind, sim.Str(p, "network_id")), "name")
		for _, ip := range sim.Objs(p, "fixed_ips") {
			fixed = append(fixed, ip["ip_address"])
			list, _ := byNet[net].([]any)
			byNet[net] = append(list, ip["ip_address"])
		}
	}
	switch name {
	case "first_address":
		if len(fixed) > 0 {
			return fixed[0]
		}
		return ""
	case "networks", "addresses":
		return byNet
	}
	return servers.attribute(s, res, name)
}
