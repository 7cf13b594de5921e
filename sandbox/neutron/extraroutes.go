package neutron

import (
	"slices"

	"mycloudmanager/sandbox/sim"
)

// addRoutes adds to a router's routes; an existing route is not added twice.
// https://docs.openstack.org/api-ref/network/v2/#add-extra-routes-to-router
func (s *Service) addRoutes(r *sim.Request) (any, error) {
	return s.changeRoutes(r, func(have []sim.Document, route sim.Document) []sim.Document {
		if slices.ContainsFunc(have, sameRoute(route)) {
			return have
		}
		return append(have, route)
	})
}

// removeRoutes removes routes from a router; a missing route is ignored.
// https://docs.openstack.org/api-ref/network/v2/#remove-extra-routes-from-router
func (s *Service) removeRoutes(r *sim.Request) (any, error) {
	return s.changeRoutes(r, func(have []sim.Document, route sim.Document) []sim.Document {
		return slices.DeleteFunc(have, sameRoute(route))
	})
}

func sameRoute(route sim.Document) func(sim.Document) bool {
	return func(o sim.Document) bool {
		return sim.Str(o, "destination") == sim.Str(route, "destination") && sim.Str(o, "nexthop") == sim.Str(route, "nexthop")
	}
}

func (s *Service) changeRoutes(r *sim.Request, change func(have []sim.Document, route sim.Document) []sim.Document) (any, error) {
	router, err := s.owned(r, s.noun(Routers))
	if err != nil {
		return nil, err
	}
	have := sim.Objs(router, "routes")
	for _, route := range sim.Objs(sim.Map(r.Body, "router"), "routes") {
		have = change(have, route)
	}
	list := []any{}
	for _, route := range have {
		list = append(list, route)
	}
	router["routes"] = list
	s.cloud.Put(Routers, router)
	return sim.Document{"router": router}, nil
}
