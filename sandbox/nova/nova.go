// Package nova is the simulated compute service.
// https://docs.openstack.org/api-ref/compute/
package nova

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"mycloudmanager/sandbox/sim"
)

// Document kinds.
const (
	Servers  = "nova/servers"
	Flavors  = "nova/flavors"
	KeyPairs = "nova/keypairs"
	Groups   = "nova/server_groups"
)

// The supported microversions.
const (
	minVersion = 1
	maxVersion = 96
)

// Simulated durations, at speed 1.
const (
	networking = time.Second
	spawning   = 3 * time.Second
	switching  = time.Second
	imaging    = 2 * time.Second
	attaching  = time.Second
)

// Service is the compute API.
type Service struct {
	*sim.Service
	cloud *sim.Cloud
	// Console returns the output of a server's serial console.
	Console func(server sim.Document) string
}

// New registers the compute API.
func New(c *sim.Cloud) *Service {
	s := &Service{Service: c.Service("nova", "/compute", false), cloud: c}
	s.Console = func(server sim.Document) string { return sim.Str(server, "name") + " login: " }
	s.Format = format
	s.Deny = func(r *sim.Request) *sim.Fault {
		noun, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2.1/"), "/")
		verb := map[string]string{"POST": "create", "PUT": "update", "DELETE": "delete", "GET": "index"}[r.Method]
		if noun == "flavors" {
			noun = "os-flavor-manage"
		}
		return sim.Forbidden("Policy doesn't allow os_compute_api:%s:%s to be performed.", noun, verb)
	}
	s.Decorate, s.Admit = decorate, spoken
	s.timers()
	s.serverRoutes()
	s.volumeRoutes()
	s.interfaceRoutes()
	s.metadataRoutes()
	s.flavorRoutes()
	s.keyPairRoutes()
	s.groupRoutes()
	s.quotaRoutes()
	s.miscRoutes()
	return s
}

func decorate(r *sim.Request, h http.Header) {
	v := "2." + strconv.Itoa(microversion(r))
	h.Set("Openstack-Api-Version", "compute "+v)
	h.Set("X-Openstack-Nova-Api-Version", v)
	h.Set("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version")
}

var versionForm = regexp.MustCompile(`^\d+\.\d+$`)

// asked returns the version in either of the two headers.
func asked(r *sim.Request) string {
	if v, ok := strings.CutPrefix(r.Header.Get("Openstack-Api-Version"), "compute "); ok {
		return v
	}
	return r.Header.Get("X-Openstack-Nova-Api-Version")
}

// microversion returns the requested minor version, or the lowest if none was requested.
func microversion(r *sim.Request) int {
	want := asked(r)
	if want == "latest" {
		return maxVersion
	}
	n, err := strconv.Atoi(strings.TrimPrefix(want, "2."))
	if err != nil || n < minVersion {
		return minVersion
	}
	return n
}

// spoken refuses an unsupported microversion.
func spoken(r *sim.Request) error {
	if want := asked(r); want != "" && want != "latest" && !versionForm.MatchString(want) {
		r.Header.Del("X-Openstack-Nova-Api-Version")
		r.Header.Del("Openstack-Api-Version")
		return sim.BadRequest("API Version String %s is of invalid format. Must be of format MajorNum.MinorNum.", want)
	}
	if n := microversion(r); n > maxVersion {
		r.Header.Del("X-Openstack-Nova-Api-Version")
		r.Header.Del("Openstack-Api-Version")
		return sim.NewFault(406, "Version 2.%d is not supported by the API. Minimum is 2.%d and maximum is 2.%d.", n, minVersion, maxVersion)
	}
	return nil
}

func format(f *sim.Fault) (string, []byte) {
	name := map[int]string{400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound",
		409: "conflictingRequest", 413: "overLimit", 429: "overLimit", 503: "serviceUnavailable"}[f.Status]
	if name == "" {
		name = "computeFault"
	}
	return "application/json", sim.JSON(sim.Document{name: sim.Document{"code": f.Status, "message": f.Message}})
}

func (s *Service) miscRoutes() {
	s.Handle("GET /{$}", 200, func(r *sim.Request) (any, error) {
		return sim.Document{"versions": []any{versionDoc(r)}}, nil
	}, sim.Anonymous)
	s.Handle("GET /v2.1", 200, func(r *sim.Request) (any, error) {
		return sim.Document{"version": versionDoc(r)}, nil
	}, sim.Anonymous)
	zone := sim.Document{"availabilityZoneInfo": []any{sim.Document{"zoneName": "nova", "hosts": nil,
		"zoneState": sim.Document{"available": true}}}}
	s.Handle("GET /v2.1/os-availability-zone", 200, func(*sim.Request) (any, error) { return zone, nil })
	s.Handle("GET /v2.1/os-availability-zone/detail", 200, func(*sim.Request) (any, error) { return zone, nil })
	s.Handle("GET /v2.1/extensions", 200, func(*sim.Request) (any, error) { return sim.Document{"extensions": []any{}}, nil })
	hypervisors := func(*sim.Request) (any, error) {
		var out []any
		for i, h := range hosts {
			out = append(out, sim.Document{"id": i + 1, "hypervisor_hostname": h, "state": "up", "status": "enabled"})
		}
		return sim.Document{"hypervisors": out}, nil
	}
	s.Handle("GET /v2.1/os-hypervisors", 200, hypervisors, sim.Admin)
	s.Handle("GET /v2.1/os-hypervisors/detail", 200, hypervisors, sim.Admin)
	s.Handle("GET /v2.1/os-services", 200, func(*sim.Request) (any, error) {
		var out []any
		for i, h := range hosts {
			out = append(out, sim.Document{"id": i + 1, "binary": "nova-compute", "host": h, "zone": "nova", "status": "enabled", "state": "up"})
		}
		return sim.Document{"services": out}, nil
	}, sim.Admin)
}

func versionDoc(r *sim.Request) sim.Document {
	return sim.Document{"id": "v2.1", "status": "CURRENT", "version": "2." + strconv.Itoa(maxVersion), "min_version": "2.1",
		"updated": "2013-07-23T11:33:21Z", "links": []any{sim.Document{"rel": "self", "href": r.Base() + "/v2.1/"}}}
}
