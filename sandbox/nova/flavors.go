package nova

import (
	"mycloudmanager/sandbox/sim"
)

// flavorRoutes registers the flavors API.
func (s *Service) flavorRoutes() {
	s.Handle("GET /v2.1/flavors", 200, s.listFlavors(false))
	s.Handle("GET /v2.1/flavors/detail", 200, s.listFlavors(true))
	s.Handle("GET /v2.1/flavors/{id}", 200, func(r *sim.Request) (any, error) {
		f := s.cloud.Get(Flavors, r.ID())
		if f == nil {
			return nil, sim.NotFound("Flavor %s could not be found.", r.ID())
		}
		return sim.Document{"flavor": viewFlavor(r, f)}, nil
	})
	s.Handle("GET /v2.1/flavors/{id}/os-extra_specs", 200, func(*sim.Request) (any, error) {
		return sim.Document{"extra_specs": sim.Document{}}, nil
	})
	s.Handle("POST /v2.1/flavors", 200, s.createFlavor, sim.Admin)
	s.Handle("DELETE /v2.1/flavors/{id}", 202, func(r *sim.Request) (any, error) {
		if s.cloud.Get(Flavors, r.ID()) == nil {
			return nil, sim.NotFound("Flavor %s could not be found.", r.ID())
		}
		s.cloud.Delete(Flavors, r.ID())
		return nil, nil
	}, sim.Admin)
}

func (s *Service) flavor(ref string) sim.Document { return s.cloud.Get(Flavors, ref) }

// Flavor completes a flavor's document.
func Flavor(o sim.Document) sim.Document {
	return sim.Merge(sim.Document{"disk": 0, "swap": "", "rxtx_factor": 1.0, "OS-FLV-EXT-DATA:ephemeral": 0,
		"OS-FLV-DISABLED:disabled": false, "os-flavor-access:is_public": true, "description": nil}, o)
}

func viewFlavor(r *sim.Request, f sim.Document) sim.Document {
	out := sim.Public(f)
	out["links"] = links(r, "flavors", sim.Str(f, "id"))
	if microversion(r) >= 61 {
		out["extra_specs"] = sim.Document{}
	}
	if microversion(r) >= 75 {
		out["swap"] = 0
	}
	return out
}

func (s *Service) listFlavors(detail bool) sim.Handler {
	return func(r *sim.Request) (any, error) {
		docs := s.cloud.Where(Flavors, func(f sim.Document) bool {
			return (r.Query("minRam") == "" || sim.Int(f, "ram") >= sim.ToInt(r.Query("minRam"))) &&
				(r.Query("minDisk") == "" || sim.Int(f, "disk") >= sim.ToInt(r.Query("minDisk")))
		})
		docs, next, err := r.Page(docs, 1000)
		if err != nil {
			return nil, err
		}
		out := sim.Document{"flavors": sim.Views(docs, func(f sim.Document) sim.Document {
			if detail {
				return viewFlavor(r, f)
			}
			return sim.Merge(sim.Only(f, "id", "name"), sim.Document{"links": links(r, "flavors", sim.Str(f, "id"))})
		})}
		if next != "" {
			out["flavors_links"] = []any{sim.Document{"rel": "next", "href": r.NextURL(r.URL.Path, next)}}
		}
		return out, nil
	}
}

func (s *Service) createFlavor(r *sim.Request) (any, error) {
	in := sim.Map(r.Body, "flavor")
	for _, f := range s.cloud.All(Flavors) {
		if sim.Str(f, "name") == sim.Str(in, "name") {
			return nil, sim.Conflict("Flavor with name %s already exists.", sim.Str(in, "name"))
		}
	}
	f := Flavor(in)
	if id := sim.Str(f, "id"); id == "" || id == "auto" {
		f["id"] = sim.UUID()
	}
	s.cloud.Put(Flavors, f)
	return sim.Document{"flavor": viewFlavor(r, f)}, nil
}
