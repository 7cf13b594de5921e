package nova

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// hosts are the simulated hypervisors.
var hosts = []string{"compute-1", "compute-2", "compute-3", "compute-4"}

// create validates a request as the API does and leaves the build to timers.
func (s *Service) create(r *sim.Request) (any, error) {
	in := sim.Map(r.Body, "server")
	if err := valid(in); err != nil {
		return nil, err
	}
	flavor := s.flavor(sim.Str(in, "flavorRef"))
	if flavor == nil {
		return nil, sim.BadRequest("Flavor %s could not be found.", sim.Text(in["flavorRef"]))
	}
	image := sim.Str(in, "imageRef")
	if err := s.checkImage(image, in); err != nil {
		return nil, err
	}
	if key := sim.Str(in, "key_name"); key != "" && s.keyPair(r.Actor.UserID, key) == nil {
		return nil, sim.BadRequest("Invalid key_name provided.")
	}
	nics, err := s.wantedNetworks(r, in["networks"])
	if err != nil {
		return nil, err
	}
	if limit := s.limits(r)["metadata_items"]; sim.Over(limit, len(sim.Map(in, "metadata")), 0) {
		return nil, sim.Forbidden("Maximum number of metadata items exceeds %d", limit)
	}
	count := max(sim.Int(in, "min_count"), sim.Int(in, "max_count"), 1)
	if err := s.spend(r, flavor, count); err != nil {
		return nil, err
	}
	hints := sim.Map(r.Body, "os:scheduler_hints")
	if hints == nil {
		hints = sim.Map(r.Body, "OS-SCH-HNT:scheduler_hints")
	}
	var first sim.Document
	for i := range count {
		o := s.document(r, in, flavor, image)
		if count > 1 {
			o["name"] = sim.Str(in, "name") + "-" + strconv.Itoa(i+1)
		}
		o["_nics"], o["_group"] = nics, sim.Str(hints, "group")
		s.cloud.Put(Servers, o)
		s.bringBack(sim.Str(o, "id"), image)
		s.record(r, o, "create")
		s.cloud.After(networking, "nova.network", sim.Document{"id": o["id"]})
		if first == nil {
			first = o
		}
	}
	id := sim.Str(first, "id")
	return sim.Reply{Header: map[string]string{"Location": r.Base() + "/v2.1/servers/" + id},
		Body: sim.Document{"server": sim.Document{"id": id, "links": links(r, "servers", id), "OS-DCF:diskConfig": "MANUAL",
			"security_groups": []any{sim.Document{"name": "default"}}, "adminPass": sim.Secret(9)}}}, nil
}

func valid(in sim.Document) error {
	for _, field := range []string{"name", "flavorRef"} {
		if sim.Text(in[field]) == "" {
			return sim.BadRequest("Invalid input for field/attribute server. Value: %s. '%s' is a required property",
				string(sim.JSON(in)), field)
		}
	}
	if k := sim.Unknown(in, serverFields...); k != "" {
		return sim.BadRequest("Invalid input for field/attribute server. Value: %s. Additional properties are not allowed ('%s' was unexpected)",
			sim.JSON(in), k)
	}
	if err := textual(sim.Map(in, "metadata")); err != nil {
		return err
	}
	if data := sim.Str(in, "user_data"); data != "" {
		// Nova's decoder ignores characters outside the base64 alphabet.
		kept := strings.Map(func(c rune) rune {
			if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", c) {
				return c
			}
			return -1
		}, data)
		if _, err := base64.StdEncoding.DecodeString(kept); err != nil || len(data) > 65535 {
			return sim.BadRequest("Invalid input for field/attribute user_data. Value is not base64 or is too long")
		}
	}
	return nil
}

// serverFields are the accepted fields of a create request.
var serverFields = []string{"name", "flavorRef", "imageRef", "networks", "metadata", "key_name", "user_data", "security_groups", "config_drive",
	"availability_zone", "block_device_mapping", "block_device_mapping_v2", "min_count", "max_count", "adminPass", "accessIPv4", "accessIPv6",
	"personality", "description", "tags", "host", "hostname", "hypervisor_hostname", "return_reservation_id", "trusted_image_certificates",
	"OS-DCF:diskConfig"}

// textual refuses metadata values that are not short strings.
func textual(meta sim.Document) error {
	for k, v := range meta {
		text, ok := v.(string)
		if !ok {
			return sim.BadRequest("Invalid input for field/attribute %s. Value: %s. %s is not of type 'string'", k, sim.JSON(v), sim.JSON(v))
		}
		if len(text) > 255 || len(k) > 255 || k == "" {
			return sim.BadRequest("Invalid input for field/attribute %s. Value: %s. '%s' is too long", k, text, text)
		}
	}
	return nil
}

func (s *Service) checkImage(image string, in sim.Document) error {
	o := s.cloud.Get("glance/images", image)
	switch {
	case image == "" && len(sim.List(in, "block_device_mapping_v2")) > 0:
		return nil
	case o == nil:
		return sim.BadRequest("Can not find requested image")
	case sim.Str(o, "status") != "active":
		return sim.BadRequest("Image %s is not active.", image)
	}
	return nil
}

// wantedNetworks validates the networks of a new server. "auto", like omitting them, selects the project's only
// network.
func (s *Service) wantedNetworks(r *sim.Request, want any) ([]any, error) {
	list, given := want.([]any)
	if want == "none" {
		return []any{}, nil
	}
	if !given {
		own := s.cloud.With("neutron/networks", "project_id", r.Actor.ProjectID)
		if len(own) > 1 {
			return nil, sim.Conflict("Multiple possible networks found, use a Network ID to be more specific.")
		}
		for _, net := range own {
			list = append(list, sim.Document{"uuid": net["id"]})
		}
		return list, nil
	}
	for _, v := range list {
		nic, _ := v.(sim.Document)
		if port := sim.Str(nic, "port"); port != "" {
			p := s.cloud.Get("neutron/ports", port)
			if p == nil {
				return nil, sim.BadRequest("Port id %s could not be found.", port)
			}
			if sim.Str(p, "device_id") != "" {
				return nil, sim.Conflict("Port %s is still in use.", port)
			}
			continue
		}
		if s.cloud.Get("neutron/networks", sim.Str(nic, "uuid")) == nil {
			return nil, sim.BadRequest("Network %s could not be found.", sim.Str(nic, "uuid"))
		}
	}
	return list, nil
}

// document returns the initial document of a new server.
func (s *Service) document(r *sim.Request, in, flavor sim.Document, image string) sim.Document {
	now := sim.Stamp(s.cloud.Now(), sim.Zulu)
	meta := sim.Map(in, "metadata")
	if meta == nil {
		meta = sim.Document{}
	}
	var groups []any
	for _, g := range sim.Objs(in, "security_groups") {
		groups = append(groups, g["name"])
	}
	disks := sim.List(in, "block_device_mapping_v2")
	if own := s.disksOf(image); len(own) > 0 && len(disks) == 0 {
		image, disks = "", own
	}
	id := sim.UUID()
	return sim.Document{"id": id, "name": in["name"], "status": "BUILD", "progress": 0, "tenant_id": r.Actor.ProjectID,
		"user_id": r.Actor.UserID, "created": now, "updated": now, "hostId": "", "metadata": meta,
		"accessIPv4": "", "accessIPv6": "", "config_drive": "", "key_name": in["key_name"], "description": in["description"],
		"locked": false, "locked_reason": nil, "tags": []any{},
		"OS-DCF:diskConfig": "MANUAL", "OS-EXT-AZ:availability_zone": "nova", "OS-EXT-STS:task_state": "scheduling",
		"OS-EXT-STS:vm_state": "building", "OS-EXT-STS:power_state": 0, "OS-SRV-USG:launched_at": nil,
		"OS-SRV-USG:terminated_at": nil, "OS-EXT-SRV-ATTR:host": nil,
		"_flavor": sim.Copy(sim.Public(flavor)), "_image": image, "_user_data": in["user_data"],
		"_groups": groups, "_disks": disks, "_actor": r.Actor.Doc()}
}

// disksOf returns the block devices of an image of a volume-backed server: one volume per snapshot.
// https://docs.openstack.org/nova/latest/user/block-device-mapping.html
func (s *Service) disksOf(image string) []any {
	var mapping []sim.Document
	if json.Unmarshal([]byte(sim.Str(s.cloud.Get("glance/images", image), "block_device_mapping")), &mapping) != nil {
		return nil
	}
	var out []any
	for _, m := range mapping {
		m["uuid"] = m["snapshot_id"]
		out = append(out, m)
	}
	return out
}

// place picks the least loaded hypervisor; a hard anti-affinity group excludes those it uses.
func (s *Service) place(o sim.Document) string {
	load := map[string]int{}
	group := s.cloud.Get(Groups, sim.Str(o, "_group"))
	hard := sim.Str(group, "policy") == "anti-affinity"
	for _, other := range s.cloud.All(Servers) {
		host := sim.Str(other, "OS-EXT-SRV-ATTR:host")
		load[host]++
		if hard && sim.Str(other, "_group") == sim.Str(group, "id") {
			load[host] += 1 << 20
		}
	}
	best := ""
	for _, h := range hosts {
		if load[h] < 1<<20 && (best == "" || load[h] < load[best]) {
			best = h
		}
	}
	return best
}
