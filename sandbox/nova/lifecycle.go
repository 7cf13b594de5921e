package nova

import (
	"time"

	"mycloudmanager/sandbox/glance"
	"mycloudmanager/sandbox/sim"
)

func (s *Service) timers() {
	s.cloud.On("nova.network", s.onServer(s.plug))
	s.cloud.On("nova.spawned", s.onServer(s.spawned))
	s.cloud.On("nova.settled", s.onServer(s.settled))
	s.cloud.On("nova.snapshotted", s.onServer(s.snapshotted))
	s.cloud.On("nova.gone", s.onServer(s.deleted))
	s.cloud.On("nova.attached", s.attached)
	s.cloud.On("nova.detached", s.detached)
}

// onServer resolves the server of a timer; the timer is ignored if the server no longer exists.
func (s *Service) onServer(do func(o, args sim.Document)) func(sim.Document) {
	return func(args sim.Document) {
		if o := s.cloud.Get(Servers, sim.Str(args, "id")); o != nil {
			do(o, args)
		}
	}
}

func (s *Service) call(o sim.Document, service, method, path string, body any) (sim.Document, error) {
	return s.cloud.Call(sim.ActorOf(sim.Map(o, "_actor")), service, method, path, body)
}

// fail sets the server to ERROR with a fault.
func (s *Service) fail(o sim.Document, code int, text string) {
	now := sim.Stamp(s.cloud.Now(), sim.Zulu)
	sim.Merge(o, sim.Document{"status": "ERROR", "OS-EXT-STS:vm_state": "error", "OS-EXT-STS:task_state": nil,
		"fault": sim.Document{"code": code, "message": text, "created": now}})
	s.touch(o)
}

// plug assigns the server's host, ports and volumes.
func (s *Service) plug(o, _ sim.Document) {
	host := s.place(o)
	if host == "" {
		s.fail(o, 500, "No valid host was found. There are not enough hosts available.")
		return
	}
	o["OS-EXT-SRV-ATTR:host"], o["hostId"] = host, hostID(sim.Str(o, "tenant_id"), host)
	o["OS-EXT-STS:task_state"] = "networking"
	for _, v := range sim.List(o, "_nics") {
		nic, _ := v.(sim.Document)
		if err := s.plugOne(o, nic); err != nil {
			s.fail(o, 500, "Build of instance "+sim.Str(o, "id")+" aborted: "+err.Error())
			return
		}
	}
	if err := s.bootVolumes(o); err != nil {
		s.fail(o, 500, "Build of instance "+sim.Str(o, "id")+" aborted: "+err.Error())
		return
	}
	o["OS-EXT-STS:task_state"] = "spawning"
	s.touch(o)
	s.cloud.After(spawning, "nova.spawned", sim.Document{"id": o["id"]})
}

func (s *Service) plugOne(o, nic sim.Document) error {
	device := sim.Document{"device_id": o["id"], "device_owner": "compute:nova"}
	if port := sim.Str(nic, "port"); port != "" {
		_, err := s.call(o, "neutron", "PUT", "/v2.0/ports/"+port, sim.Document{"port": device})
		return err
	}
	body := sim.Merge(device, sim.Document{"network_id": nic["uuid"], "_nova": true})
	if ip := sim.Str(nic, "fixed_ip"); ip != "" {
		body["fixed_ips"] = []any{sim.Document{"ip_address": ip}}
	}
	if ids := s.groupIDs(o); len(ids) > 0 {
		body["security_groups"] = ids
	}
	_, err := s.call(o, "neutron", "POST", "/v2.0/ports", sim.Document{"port": body})
	return err
}

// groupIDs resolves the names or ids of the security groups of a new server.
func (s *Service) groupIDs(o sim.Document) []any {
	var out []any
	for _, want := range sim.Strs(o, "_groups") {
		for _, g := range s.cloud.With("neutron/security_groups", "project_id", sim.Str(o, "tenant_id")) {
			if sim.Str(g, "id") == want || sim.Str(g, "name") == want {
				out = append(out, g["id"])
				break
			}
		}
	}
	return out
}

func (s *Service) spawned(o, _ sim.Document) {
	if sim.Str(o, "OS-EXT-STS:task_state") != "spawning" {
		return
	}
	sim.Merge(o, sim.Document{"status": "ACTIVE", "OS-EXT-STS:vm_state": "active",
		"OS-EXT-STS:task_state": nil, "OS-EXT-STS:power_state": 1,
		"OS-SRV-USG:launched_at": sim.Stamp(s.cloud.Now(), sim.Micros),
		"_booted":                sim.Stamp(s.cloud.Now(), sim.Expiry)})
	s.touch(o)
}

// settled ends a state change, unless another one has started.
func (s *Service) settled(o, args sim.Document) {
	if sim.Str(o, "OS-EXT-STS:task_state") != sim.Str(args, "task") {
		return
	}
	state := sim.Str(args, "state")
	if target := states[state]; target.power == 1 && sim.Int(o, "OS-EXT-STS:power_state") != 1 {
		o["_booted"] = sim.Stamp(s.cloud.Now(), sim.Expiry)
	}
	s.enter(o, state)
}

func (s *Service) enter(o sim.Document, state string) {
	target := states[state]
	sim.Merge(o, sim.Document{"status": target.status, "OS-EXT-STS:vm_state": state, "OS-EXT-STS:task_state": nil,
		"OS-EXT-STS:power_state": target.power})
	delete(o, "fault")
	s.touch(o)
}

func (s *Service) snapshotted(o, args sim.Document) {
	if sim.Str(o, "OS-EXT-STS:task_state") == "deleting" { // its queued image is deleted with it
		s.cloud.Delete(glance.Images, sim.Str(args, "image"))
		return
	}
	text := "image of server " + sim.Str(o, "id") + "\nbase " + sim.Str(o, "_image") + "\n"
	glance.Snapshot(s.cloud, sim.Str(args, "image"), []byte(text))
	s.keepInside(sim.Str(o, "id"), sim.Str(args, "image"))
	if sim.Str(o, "OS-EXT-STS:task_state") == "image_uploading" {
		o["OS-EXT-STS:task_state"] = nil
		s.touch(o)
	}
}

func (s *Service) delete(r *sim.Request) (any, error) {
	o, err := s.find(r, r.ID())
	if err != nil {
		return nil, err
	}
	if sim.Bool(o, "locked") && !r.Actor.Admin() {
		return nil, locked(o)
	}
	if sim.Str(o, "OS-EXT-STS:task_state") != "deleting" {
		s.record(r, o, "delete")
		o["OS-EXT-STS:task_state"] = "deleting"
		s.touch(o)
		s.cloud.After(switching, "nova.gone", sim.Document{"id": o["id"]})
	}
	return nil, nil
}

// deleted releases the resources of a deleted server. Preexisting ports and volumes are kept, as in Nova;
// whatever a service refuses to delete is left behind.
func (s *Service) deleted(o, _ sim.Document) {
	id := sim.Str(o, "id")
	for _, p := range s.ports(id) {
		path := "/v2.0/ports/" + sim.Str(p, "id")
		var err error
		if sim.Bool(p, "_nova") {
			_, err = s.call(o, "neutron", "DELETE", path, nil)
		} else {
			_, err = s.call(o, "neutron", "PUT", path, sim.Document{"port": sim.Document{"device_id": "", "device_owner": ""}})
		}
		s.note(err, "port of deleted server")
	}
	for _, a := range s.attachments(id) {
		_, err := s.call(o, "cinder", "DELETE", "/attachments/"+sim.Str(a, "id"), nil)
		if err == nil && sim.Bool(a, "_ephemeral") {
			_, err = s.call(o, "cinder", "DELETE", "/volumes/"+sim.Str(a, "volume_id"), nil)
		}
		s.note(err, "volume of deleted server")
	}
	s.cloud.Delete(Servers, id)
	for _, image := range s.cloud.With(glance.Images, "instance_uuid", id) {
		if sim.Str(image, "status") == "queued" { // its data will never be uploaded
			s.cloud.Delete(glance.Images, sim.Str(image, "id"))
		}
	}
	for _, a := range s.cloud.With(Actions, "instance_uuid", id) {
		s.cloud.Delete(Actions, sim.Str(a, "id"))
	}
}

func (s *Service) note(err error, what string) {
	if err != nil {
		s.cloud.Log().Warn("simulated compute service was refused", "what", what, "error", err)
	}
}

// later schedules the end of a state change.
func (s *Service) later(o sim.Document, d time.Duration, task, state string) {
	o["OS-EXT-STS:task_state"] = task
	s.touch(o)
	s.cloud.After(d, "nova.settled", sim.Document{"id": o["id"], "task": task, "state": state})
}
