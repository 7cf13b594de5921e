package cinder

import (
	"mycloudmanager/sandbox/sim"
)

// attachmentRoutes registers the attachments API, which the compute service uses.
// https://docs.openstack.org/api-ref/block-storage/v3/#attachments
func (s *Service) attachmentRoutes() {
	s.Handle("GET /attachments", 200, s.listAttachments)
	s.Handle("GET /attachments/detail", 200, s.listAttachments)
	s.Handle("GET /attachments/{id}", 200, func(r *sim.Request) (any, error) {
		a, err := s.find(r, Attachments, "Volume attachment", r.ID())
		if err != nil {
			return nil, err
		}
		return sim.Document{"attachment": sim.Public(a)}, nil
	})
	s.Handle("POST /attachments", 200, s.reserve)
	s.Handle("POST /attachments/{id}/action", 204, s.complete)
	s.Handle("DELETE /attachments/{id}", 200, s.detach)
}

func (s *Service) listAttachments(r *sim.Request) (any, error) {
	return page(r, "attachments", s.mine(r, Attachments), sim.Public)
}

// reserve marks an available volume as reserved for a server.
func (s *Service) reserve(r *sim.Request) (any, error) {
	in := sim.Map(r.Body, "attachment")
	o, err := s.find(r, Volumes, "Volume", sim.Str(in, "volume_uuid"))
	if err != nil {
		return nil, err
	}
	if status := sim.Str(o, "status"); status != "available" && status != "downloading" {
		return nil, sim.BadRequest("Invalid volume: Volume %s status must be available or downloading to reserve, "+
			"but the current status is %s.", sim.Str(o, "id"), status)
	}
	a := sim.Document{"id": sim.UUID(), "volume_id": o["id"], "instance": in["instance_uuid"], "attach_status": "reserved",
		"attached_at": "", "detached_at": "", "connection_info": sim.Document{}, "attach_mode": "rw",
		"_device": in["_device"], "_project_id": o["_project_id"]}
	s.cloud.Put(Attachments, a)
	o["status"] = "attaching"
	s.touch(Volumes, o)
	return sim.Document{"attachment": sim.Public(a)}, nil
}

func (s *Service) complete(r *sim.Request) (any, error) {
	a, err := s.find(r, Attachments, "Volume attachment", r.ID())
	if err != nil {
		return nil, err
	}
	a["attach_status"], a["attached_at"] = "attached", sim.Stamp(s.cloud.Now(), sim.Micros)
	s.cloud.Put(Attachments, a)
	if o := s.cloud.Get(Volumes, sim.Str(a, "volume_id")); o != nil {
		o["status"] = "in-use"
		s.touch(Volumes, o)
	}
	return nil, nil
}

func (s *Service) detach(r *sim.Request) (any, error) {
	a, err := s.find(r, Attachments, "Volume attachment", r.ID())
	if err != nil {
		return nil, err
	}
	s.cloud.Delete(Attachments, r.ID())
	if o := s.cloud.Get(Volumes, sim.Str(a, "volume_id")); o != nil {
		o["status"] = "available"
		s.touch(Volumes, o)
	}
	return sim.Document{"attachments": []any{}}, nil
}
