package cinder

import (
	"mycloudmanager/sandbox/sim"
)

// DefaultType is the volume type if none is requested.
const DefaultType = "standard"

func (s *Service) typeRoutes() {
	s.Handle("GET /types", 200, func(r *sim.Request) (any, error) {
		return sim.Document{"volume_types": sim.Views(s.cloud.All(Types), sim.Public)}, nil
	})
	s.Handle("GET /types/{id}", 200, func(r *sim.Request) (any, error) {
		name := r.ID()
		if name == "default" {
			name = DefaultType
		}
		t := s.findType(name)
		if t == nil {
			return nil, sim.NotFound("Volume type %s could not be found.", name)
		}
		return sim.Document{"volume_type": sim.Public(t)}, nil
	})
	s.Handle("GET /os-services", 200, func(*sim.Request) (any, error) { return sim.Document{"services": []any{}}, nil }, sim.Admin)
	s.Handle("GET /os-availability-zone", 200, func(*sim.Request) (any, error) {
		return sim.Document{"availabilityZoneInfo": []any{sim.Document{"zoneName": "nova", "zoneState": sim.Document{"available": true}}}}, nil
	})
	s.Handle("GET /backups/detail", 200, func(*sim.Request) (any, error) { return sim.Document{"backups": []any{}}, nil })
	s.Handle("GET /extensions", 200, func(*sim.Request) (any, error) { return sim.Document{"extensions": []any{}}, nil })
}

func (s *Service) findType(ref string) sim.Document {
	for _, t := range s.cloud.All(Types) {
		if sim.Str(t, "id") == ref || sim.Str(t, "name") == ref {
			return t
		}
	}
	return nil
}
