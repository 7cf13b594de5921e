package nova

import (
	"errors"

	"mycloudmanager/sandbox/sim"
)

// interfaceRoutes registers the port interfaces API.
// https://docs.openstack.org/api-ref/compute/#port-interfaces-servers-os-interface
func (s *Service) interfaceRoutes() {
	const path = "/v2.1/servers/{id}/os-interface"
	s.Handle("GET "+path, 200, func(r *sim.Request) (any, error) {
		if _, err := s.find(r, r.ID()); err != nil {
			return nil, err
		}
		return sim.Document{"interfaceAttachments": sim.Views(s.ports(r.ID()), viewPort)}, nil
	})
	s.Handle("POST "+path, 200, s.attachPort)
	s.Handle("DELETE "+path+"/{port}", 202, s.detachPort)
	s.Handle("GET "+path+"/{port}", 200, func(r *sim.Request) (any, error) {
		if _, err := s.find(r, r.ID()); err != nil {
			return nil, err
		}
		for _, p := range s.ports(r.ID()) {
			if sim.Str(p, "id") == r.PathValue("port") {
				return sim.Document{"interfaceAttachment": viewPort(p)}, nil
			}
		}
		return nil, sim.NotFound("Instance %s does not have a port with id %s", r.ID(), r.PathValue("port"))
	})
	s.Handle("GET /v2.1/servers/{id}/os-security-groups", 200, func(r *sim.Request) (any, error) {
		if _, err := s.find(r, r.ID()); err != nil {
			return nil, err
		}
		return sim.Document{"security_groups": s.groupNames(r.ID())}, nil
	})
	s.Handle("GET /v2.1/servers/{id}/ips", 200, func(r *sim.Request) (any, error) {
		if _, err := s.find(r, r.ID()); err != nil {
			return nil, err
		}
		return sim.Document{"addresses": s.addresses(r.ID())}, nil
	})
}

func viewPort(p sim.Document) sim.Document {
	return sim.Document{"port_id": p["id"], "net_id": p["network_id"], "mac_addr": p["mac_address"],
		"port_state": p["status"], "fixed_ips": p["fixed_ips"], "tag": nil}
}

func (s *Service) attachPort(r *sim.Request) (any, error) {
	o, err := s.find(r, r.ID())
	if err != nil {
		return nil, err
	}
	in := sim.Map(r.Body, "interfaceAttachment")
	nic := sim.Document{"port": in["port_id"], "uuid": in["net_id"]}
	for _, ip := range sim.Objs(in, "fixed_ips") {
		nic["fixed_ip"] = ip["ip_address"]
	}
	var refused *sim.Fault
	_, err = s.wantedNetworks(r, []any{nic})
	switch errors.As(err, &refused); {
	case refused != nil && refused.Status == 400 && sim.Text(nic["port"]) != "":
		return nil, sim.NotFound("%s", refused.Message)
	case err != nil:
		return nil, err
	}
	before := len(s.ports(r.ID()))
	if err := s.plugOne(o, nic); err != nil {
		var f *sim.Fault
		if errors.As(err, &f) && f.Status == 409 {
			return nil, sim.Forbidden("Maximum number of ports exceeded")
		}
		return nil, err
	}
	ports := s.ports(r.ID())
	if len(ports) <= before {
		return nil, sim.BadRequest("Failed to attach network adapter device to %s", r.ID())
	}
	p := ports[len(ports)-1]
	if id := sim.Str(nic, "port"); id != "" {
		p = s.cloud.Get("neutron/ports", id)
	}
	return sim.Document{"interfaceAttachment": viewPort(p)}, nil
}

func (s *Service) detachPort(r *sim.Request) (any, error) {
	if _, err := s.find(r, r.ID()); err != nil {
		return nil, err
	}
	for _, p := range s.ports(r.ID()) {
		if sim.Str(p, "id") == r.PathValue("port") {
			var err error
			if path := "/v2.0/ports/" + sim.Str(p, "id"); sim.Bool(p, "_nova") {
				_, err = r.Call("neutron", "DELETE", path, nil)
			} else { // a port that Nova did not create is kept
				_, err = r.Call("neutron", "PUT", path, sim.Document{"port": sim.Document{"device_id": "", "device_owner": ""}})
			}
			return nil, err
		}
	}
	return nil, nil // Nova detects it asynchronously and reports nothing
}
