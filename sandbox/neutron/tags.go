package neutron

import (
	"net/url"
	"slices"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// tagRoutes registers the tag API of a kind of resource.
// https://docs.openstack.org/api-ref/network/v2/#standard-attributes-tag-extension
func (s *Service) tagRoutes(n *noun) {
	path := "/v2.0/" + n.path + "/{id}/tags"
	with := func(change func(r *sim.Request, tags []string) []string) sim.Handler {
		return func(r *sim.Request) (any, error) {
			o, err := s.owned(r, n)
			if err != nil {
				return nil, err
			}
			tags := change(r, sim.Strs(o, "tags"))
			o["tags"] = sim.Anys(tags)
			s.touch(n.kind, o)
			return sim.Document{"tags": tags}, nil
		}
	}
	s.Handle("GET "+path, 200, func(r *sim.Request) (any, error) {
		o, err := s.find(r, n, r.ID())
		if err != nil {
			return nil, err
		}
		return sim.Document{"tags": sim.List(o, "tags")}, nil
	})
	s.Handle("GET "+path+"/{tag}", 204, func(r *sim.Request) (any, error) {
		o, err := s.find(r, n, r.ID())
		if err == nil && !slices.Contains(sim.Strs(o, "tags"), r.PathValue("tag")) {
			err = noTag(r)
		}
		return nil, err
	})
	s.Handle("PUT "+path, 200, with(func(r *sim.Request, _ []string) []string { return sim.Strs(r.Body, "tags") }))
	s.Handle("DELETE "+path, 204, with(func(*sim.Request, []string) []string { return nil }))
	s.Handle("PUT "+path+"/{tag}", 201, with(func(r *sim.Request, tags []string) []string {
		if slices.Contains(tags, r.PathValue("tag")) {
			return tags
		}
		return append(tags, r.PathValue("tag"))
	}))
	without := with(func(r *sim.Request, tags []string) []string {
		return slices.DeleteFunc(tags, func(t string) bool { return t == r.PathValue("tag") })
	})
	s.Handle("DELETE "+path+"/{tag}", 204, func(r *sim.Request) (any, error) {
		if o, err := s.owned(r, n); err == nil && !slices.Contains(sim.Strs(o, "tags"), r.PathValue("tag")) {
			return nil, noTag(r)
		}
		return without(r)
	})
}

func noTag(r *sim.Request) error {
	return sim.NotFound("Tag %s could not be found.", r.PathValue("tag")).Typed("TagNotFound")
}

// byTags applies the four tag filters of lists.
func byTags(docs []sim.Document, q url.Values) []sim.Document {
	filters := map[string]func(have, want []string) bool{
		"tags": hasAll, "tags-any": hasAny,
		"not-tags":     func(have, want []string) bool { return !hasAll(have, want) },
		"not-tags-any": func(have, want []string) bool { return !hasAny(have, want) },
	}
	for name, keep := range filters {
		if !q.Has(name) {
			continue
		}
		want := strings.Split(q.Get(name), ",")
		docs = slices.DeleteFunc(slices.Clone(docs), func(o sim.Document) bool { return !keep(sim.Strs(o, "tags"), want) })
	}
	return docs
}

func hasAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
}

func hasAny(have, want []string) bool {
	return slices.ContainsFunc(want, func(w string) bool { return slices.Contains(have, w) })
}
