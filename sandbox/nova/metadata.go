package nova

import (
	"maps"
	"slices"

	"mycloudmanager/sandbox/sim"
)

// metadataRoutes registers the metadata and tags of servers.
func (s *Service) metadataRoutes() {
	const path = "/v2.1/servers/{id}/metadata"
	s.Handle("GET "+path, 200, func(r *sim.Request) (any, error) {
		o, err := s.find(r, r.ID())
		return sim.Document{"metadata": sim.Map(o, "metadata")}, err
	})
	s.Handle("POST "+path, 200, s.setMetadata(false))
	s.Handle("PUT "+path, 200, s.setMetadata(true))
	s.Handle("GET "+path+"/{key}", 200, s.metadataKey(func(_ *sim.Request, _ sim.Document, key string, v any) (any, error) {
		return sim.Document{"meta": sim.Document{key: v}}, nil
	}))
	s.Handle("PUT "+path+"/{key}", 200, func(r *sim.Request) (any, error) {
		o, err := s.find(r, r.ID())
		if err != nil {
			return nil, err
		}
		meta := sim.Map(r.Body, "meta")
		return sim.Document{"meta": meta}, s.mergeMetadata(r, o, meta, false)
	})
	s.Handle("DELETE "+path+"/{key}", 204, s.metadataKey(func(_ *sim.Request, o sim.Document, key string, _ any) (any, error) {
		delete(sim.Map(o, "metadata"), key)
		s.touch(o)
		return nil, nil
	}))
	s.tagRoutes()
}

func (s *Service) metadataKey(do func(r *sim.Request, o sim.Document, key string, v any) (any, error)) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o, err := s.find(r, r.ID())
		if err != nil {
			return nil, err
		}
		v, ok := sim.Map(o, "metadata")[r.PathValue("key")]
		if !ok {
			return nil, sim.NotFound("Metadata item was not found")
		}
		return do(r, o, r.PathValue("key"), v)
	}
}

func (s *Service) setMetadata(replace bool) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o, err := s.find(r, r.ID())
		if err != nil {
			return nil, err
		}
		if err := s.mergeMetadata(r, o, sim.Map(r.Body, "metadata"), replace); err != nil {
			return nil, err
		}
		return sim.Document{"metadata": sim.Map(o, "metadata")}, nil
	}
}

func (s *Service) mergeMetadata(r *sim.Request, o, more sim.Document, replace bool) error {
	meta := sim.Document{}
	if !replace {
		maps.Copy(meta, sim.Map(o, "metadata"))
	}
	if err := textual(more); err != nil {
		return err
	}
	maps.Copy(meta, more)
	if limit := s.limits(r)["metadata_items"]; sim.Over(limit, len(meta), 0) {
		return sim.Forbidden("Maximum number of metadata items exceeds %d", limit)
	}
	o["metadata"] = meta
	s.touch(o)
	return nil
}

func (s *Service) tag(do func(r *sim.Request, o sim.Document, had bool) (any, error)) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o, err := s.find(r, r.ID())
		if err != nil {
			return nil, err
		}
		return do(r, o, slices.Contains(sim.Strs(o, "tags"), r.PathValue("tag")))
	}
}

func (s *Service) tagRoutes() {
	const path = "/v2.1/servers/{id}/tags"
	with := func(change func(r *sim.Request, tags []string) []string) sim.Handler {
		return func(r *sim.Request) (any, error) {
			o, err := s.find(r, r.ID())
			if err != nil {
				return nil, err
			}
			tags := change(r, sim.Strs(o, "tags"))
			o["tags"] = sim.Anys(tags)
			s.cloud.Put(Servers, o)
			return sim.Document{"tags": sim.Anys(tags)}, nil
		}
	}
	same := func(_ *sim.Request, tags []string) []string { return tags }
	s.Handle("GET "+path, 200, with(same))
	s.Handle("PUT "+path, 200, with(func(r *sim.Request, _ []string) []string { return sim.Strs(r.Body, "tags") }))
	s.Handle("DELETE "+path, 204, with(func(*sim.Request, []string) []string { return nil }))
	s.Handle("GET "+path+"/{tag}", 204, s.tag(func(r *sim.Request, o sim.Document, had bool) (any, error) {
		if !had {
			return nil, sim.NotFound("Server %s has no tag '%s'", sim.Str(o, "id"), r.PathValue("tag"))
		}
		return nil, nil
	}))
	s.Handle("PUT "+path+"/{tag}", 201, s.tag(func(r *sim.Request, o sim.Document, had bool) (any, error) {
		if had {
			return sim.Reply{Status: 204}, nil
		}
		o["tags"] = append(sim.List(o, "tags"), r.PathValue("tag"))
		s.cloud.Put(Servers, o)
		return sim.Reply{Header: map[string]string{"Location": r.Base() + r.URL.Path}}, nil
	}))
	s.Handle("DELETE "+path+"/{tag}", 204, s.tag(func(r *sim.Request, o sim.Document, had bool) (any, error) {
		if !had {
			return nil, sim.NotFound("Server %s has no tag '%s'", sim.Str(o, "id"), r.PathValue("tag"))
		}
		o["tags"] = sim.Anys(slices.DeleteFunc(sim.Strs(o, "tags"), func(t string) bool { return t == r.PathValue("tag") }))
		s.cloud.Put(Servers, o)
		return nil, nil
	}))
}
