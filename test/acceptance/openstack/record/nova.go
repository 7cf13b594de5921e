package main

func recordNova(c *cloud) {
	c.demo.withoutToken().record("unauthorized", 401, "GET", "nova", "/servers", nil)
	c.expired().record("token_expired", 401, "GET", "nova", "/servers", nil)
	c.demo.record("forbidden", 403, "POST", "nova", "/flavors",
		object{"flavor": object{"name": "rec", "vcpus": 1, "ram": 64, "disk": 1}})
	c.demo.record("not_found", 404, "GET", "nova", "/servers/11111111-1111-4111-8111-111111111111", nil)
	c.demo.record("flavors", 200, "GET", "nova", "/flavors/detail", nil)
	c.demo.record("limits", 200, "GET", "nova", "/limits", nil)
	c.demo.record("quotas", 200, "GET", "nova", "/os-quota-sets/"+c.demo.project+"/detail", nil)
	c.demo.record("quotas_default", 200, "GET", "nova", "/os-quota-sets/"+c.demo.project+"/defaults", nil)
	c.demo.with("OpenStack-API-Version", "compute 2.999").
		record("microversion_not_supported", 406, "GET", "nova", "/servers", nil)

	s := newServers(c)
	c.demo.record("bad_request_flavor", 400, "POST", "nova", "/servers", s.body("rec", "no-such-flavor"))
	c.demo.record("bad_request_schema", 400, "POST", "nova", "/servers", object{"server": object{"name": "rec"}})
	s.recordServers()
	s.recordQuotas()
	s.recordNoValidHost()
	recordKeyPairs(c)
}

// servers holds what a recorded server is created from.
type servers struct {
	cloud                  *cloud
	image, flavor, network string
}

// newServers creates a network for servers.
func newServers(c *cloud) servers {
	s := servers{cloud: c, image: c.demo.must("GET", "glance", "/images?limit=1", nil).list("images")[0]["id"].(string)}
	for _, f := range c.demo.must("GET", "nova", "/flavors", nil).list("flavors") {
		if f["name"] == "m1.tiny" {
			s.flavor = f["id"].(string)
		}
	}
	s.network = c.demo.must("POST", "neutron", "/networks", object{"network": object{"name": "rec-servers"}}).
		text("network", "id")
	c.demo.later("neutron", "/networks/"+s.network)
	c.demo.must("POST", "neutron", "/subnets", object{"subnet": object{"network_id": s.network, "ip_version": 4,
		"cidr": "10.79.0.0/24"}})
	return s
}

func (s servers) body(name, flavor string) object {
	return object{"server": object{"name": name, "flavorRef": flavor, "imageRef": s.image,
		"networks": []object{{"uuid": s.network}}, "metadata": object{"mcm:role": "node"}}}
}

// await waits for a status of the server.
func (s servers) await(id, status string) {
	until("server "+id+" "+status, func() bool {
		now := s.cloud.demo.must("GET", "nova", "/servers/"+id, nil).text("server", "status")
		if now == "ERROR" && status != "ERROR" {
			failf("server %s is in ERROR", id)
		}
		return now == status
	})
}

func (s servers) recordServers() {
	c, ids := s.cloud, []string{}
	for _, name := range []string{"rec-a", "rec-b", "rec-c"} {
		made := c.demo.record("server_create", 202, "POST", "nova", "/servers", s.body(name, s.flavor))
		ids = append(ids, made.text("server", "id"))
		c.demo.later("nova", "/servers/"+made.text("server", "id"))
	}
	for _, id := range ids {
		s.await(id, "ACTIVE")
	}
	path := "/servers/" + ids[0]
	c.demo.record("server", 200, "GET", "nova", path, nil)
	page := c.demo.record("servers", 200, "GET", "nova", "/servers/detail?limit=2", nil)
	last := page.list("servers")[1]["id"].(string)
	c.demo.record("servers_next", 200, "GET", "nova", "/servers/detail?limit=2&marker="+last, nil)
	c.demo.record("servers_bad_marker", 400, "GET", "nova",
		"/servers?marker=11111111-1111-4111-8111-111111111111", nil)
	c.demo.record("conflict", 409, "POST", "nova", path+"/action", object{"os-start": nil})
	c.demo.record("metadata_update", 200, "POST", "nova", path+"/metadata",
		object{"metadata": object{"mcm:enrolled": "yes"}})
	c.demo.record("interfaces", 200, "GET", "nova", path+"/os-interface", nil)
	c.demo.record("console", 200, "POST", "nova", path+"/action", object{"os-getConsoleOutput": object{"length": 20}})
	c.demo.record("server_stop", 202, "POST", "nova", path+"/action", object{"os-stop": nil})
	s.await(ids[0], "SHUTOFF")
	c.demo.record("conflict_stopped", 409, "POST", "nova", path+"/action", object{"os-stop": nil})
	c.demo.record("server_delete", 204, "DELETE", "nova", "/servers/"+ids[2], nil)
}

// recordQuotas exhausts Nova's quotas, one at a time.
func (s servers) recordQuotas() {
	for _, q := range []string{"instances", "cores", "ram"} {
		restore := s.cloud.limitNova(q, 0)
		s.cloud.demo.record("quota_"+q, 403, "POST", "nova", "/servers", s.body("rec", s.flavor))
		restore()
	}
	restore := s.cloud.limitNova("server_groups", 0)
	s.cloud.demo.record("quota_server_groups", 403, "POST", "nova", "/os-server-groups",
		object{"server_group": object{"name": "rec", "policy": "soft-anti-affinity"}})
	restore()
}

// limitNova sets one quota of the project and returns a function that restores it.
func (c *cloud) limitNova(resource string, limit any) (restore func()) {
	path := "/os-quota-sets/" + c.demo.project
	before := c.admin.must("GET", "nova", path, nil).at("quota_set", resource)
	set := func(v any) {
		c.admin.must("PUT", "nova", path, object{"quota_set": object{resource: v, "force": true}})
	}
	set(limit)
	return func() { set(before) }
}

// recordNoValidHost boots two servers that must not share the only host.
func (s servers) recordNoValidHost() {
	c := s.cloud
	made := c.demo.record("server_group_create", 200, "POST", "nova", "/os-server-groups",
		object{"server_group": object{"name": "rec-group", "policy": "anti-affinity"}})
	group := made.text("server_group", "id")
	c.demo.later("nova", "/os-server-groups/"+group)
	for i, status := range []string{"ACTIVE", "ERROR"} {
		body := s.body([]string{"rec-first", "rec-second"}[i], s.flavor)
		body["os:scheduler_hints"] = object{"group": group}
		id := c.demo.must("POST", "nova", "/servers", body).text("server", "id")
		c.demo.later("nova", "/servers/"+id)
		s.await(id, status)
		if status == "ERROR" {
			c.demo.record("server_error", 200, "GET", "nova", "/servers/"+id, nil)
		}
	}
}

func recordKeyPairs(c *cloud) {
	key := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBfGsZPfpc9Gd4Hbkd3Kx8Yq5a4ROKHLpHvKUwD8m0pQ rec"
	body := object{"keypair": object{"name": "rec-key", "public_key": key}}
	c.demo.record("key_pair_create", 201, "POST", "nova", "/os-keypairs", body)
	c.demo.later("nova", "/os-keypairs/rec-key")
	c.demo.record("key_pair_exists", 409, "POST", "nova", "/os-keypairs", body)
	c.demo.record("key_pairs", 200, "GET", "nova", "/os-keypairs", nil)
}
