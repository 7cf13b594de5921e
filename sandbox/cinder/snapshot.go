package cinder

import (
	"slices"

	"mycloudmanager/sandbox/sim"
)

func (s *Service) snapshotRoutes() {
	s.Handle("GET /snapshots", 200, func(r *sim.Request) (any, error) {
		return page(r, "snapshots", s.mine(r, Snapshots), sim.Public)
	})
	s.Handle("GET /snapshots/detail", 200, func(r *sim.Request) (any, error) {
		return page(r, "snapshots", s.mine(r, Snapshots), sim.Public)
	})
	s.Handle("POST /snapshots", 202, s.createSnapshot)
	s.Handle("GET /snapshots/{id}", 200, func(r *sim.Request) (any, error) {
		o, err := s.find(r, Snapshots, "Snapshot", r.ID())
		if err != nil {
			return nil, err
		}
		return sim.Document{"snapshot": sim.Public(o)}, nil
	})
	s.Handle("PUT /snapshots/{id}", 200, func(r *sim.Request) (any, error) {
		o, err := s.find(r, Snapshots, "Snapshot", r.ID())
		if err != nil {
			return nil, err
		}
		s.touch(Snapshots, sim.Merge(o, sim.Only(sim.Map(r.Body, "snapshot"), "name", "description")))
		return sim.Document{"snapshot": sim.Public(o)}, nil
	})
	s.Handle("DELETE /snapshots/{id}", 202, s.deleteSnapshot)
}

func (s *Service) createSnapshot(r *sim.Request) (any, error) {
	in := sim.Map(r.Body, "snapshot")
	volume, err := s.find(r, Volumes, "Volume", sim.Str(in, "volume_id"))
	if err != nil {
		return nil, err
	}
	status := sim.Str(volume, "status")
	if status != "available" && (status != "in-use" || !sim.Bool(in, "force")) {
		return nil, sim.BadRequest("Invalid volume: Volume %s status must be available, but current status is: %s.",
			sim.Str(volume, "id"), status)
	}
	if err := s.spend(r, "snapshots", 1, sim.Int(volume, "size")); err != nil {
		return nil, err
	}
	now := sim.Stamp(s.cloud.Now(), sim.Micros)
	meta := sim.Map(in, "metadata")
	if meta == nil {
		meta = sim.Document{}
	}
	o := sim.Document{"id": sim.UUID(), "name": sim.Str(in, "name"), "description": in["description"],
		"volume_id": volume["id"], "size": volume["size"], "status": "creating", "metadata": meta,
		"created_at": now, "updated_at": now, "user_id": r.Actor.UserID,
		"os-extended-snapshot-attributes:progress":   "0%",
		"os-extended-snapshot-attributes:project_id": r.Scope(), "_project_id": r.Scope()}
	s.cloud.Put(Snapshots, o)
	s.later(creating, Snapshots, sim.Str(o, "id"), "creating", "available", nil)
	return sim.Document{"snapshot": sim.Public(o)}, nil
}

func (s *Service) deleteSnapshot(r *sim.Request) (any, error) {
	o, err := s.find(r, Snapshots, "Snapshot", r.ID())
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"available", "error"}, sim.Str(o, "status")) {
		return nil, sim.BadRequest("Invalid snapshot: Snapshot status must be available or error to delete, currently %s.",
			sim.Str(o, "status"))
	}
	o["status"] = "deleting"
	s.touch(Snapshots, o)
	s.cloud.After(deleting, "cinder.gone", sim.Document{"kind": Snapshots, "id": r.ID()})
	return nil, nil
}
