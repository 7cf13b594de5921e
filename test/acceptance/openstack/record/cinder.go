package main

func recordCinder(c *cloud) {
	c.demo.withoutToken().record("unauthorized", 401, "GET", "cinder", "/volumes", nil)
	c.expired().record("token_expired", 401, "GET", "cinder", "/volumes", nil)
	c.demo.record("forbidden", 403, "GET", "cinder", "/os-services", nil)
	c.demo.record("not_found", 404, "GET", "cinder", "/volumes/11111111-1111-4111-8111-111111111111", nil)
	c.demo.record("bad_request", 400, "POST", "cinder", "/volumes", object{"volume": object{"size": "ten"}})
	c.demo.record("bad_request_type", 404, "POST", "cinder", "/volumes",
		object{"volume": object{"size": 1, "volume_type": "no-such-type"}})
	c.demo.record("types", 200, "GET", "cinder", "/types", nil)
	c.demo.record("limits", 200, "GET", "cinder", "/limits", nil)
	c.demo.record("quotas", 200, "GET", "cinder", "/os-quota-sets/"+c.demo.project+"?usage=True", nil)
	c.admin.must("POST", "cinder", "/types", object{"volume_type": object{"name": "rec-type"}})
	c.admin.record("conflict", 409, "POST", "cinder", "/types", object{"volume_type": object{"name": "rec-type"}})
	for _, t := range c.admin.must("GET", "cinder", "/types", nil).list("volume_types") {
		if t["name"] == "rec-type" {
			c.admin.must("DELETE", "cinder", "/types/"+t["id"].(string), nil)
		}
	}
	ids := recordVolumes(c)
	recordAttachment(c, ids[0])
	recordSnapshots(c, ids[1])
	for _, q := range []string{"volumes", "gigabytes"} {
		restore := c.exhaustCinder(q)
		c.demo.record("quota_"+q, 413, "POST", "cinder", "/volumes", object{"volume": object{"size": 1}})
		if q == "gigabytes" {
			c.demo.with("OpenStack-API-Version", "volume 3.59").record("quota_extend", 413, "POST", "cinder",
				"/volumes/"+ids[1]+"/action", object{"os-extend": object{"new_size": 5}})
		}
		restore()
	}
}

func recordVolumes(c *cloud) (ids []string) {
	for _, name := range []string{"rec-a", "rec-b", "rec-c"} {
		made := c.demo.record("volume_create", 202, "POST", "cinder", "/volumes", object{"volume": object{
			"name": name, "size": 1, "metadata": object{"mcm:app": "zabbix", "mcm:task": "rec"}}})
		id := made.text("volume", "id")
		ids = append(ids, id)
		c.demo.later("cinder", "/volumes/"+id)
	}
	for _, id := range ids {
		c.awaitVolume(id, "available")
	}
	c.demo.record("volume", 200, "GET", "cinder", "/volumes/"+ids[0], nil)
	c.demo.record("volumes", 200, "GET", "cinder", "/volumes/detail?limit=2", nil)
	c.demo.record("volumes_next", 200, "GET", "cinder", "/volumes/detail?limit=2&marker="+ids[1], nil)
	c.demo.record("volumes_by_metadata", 200, "GET", "cinder",
		"/volumes/detail?metadata=%7B%27mcm:app%27:%27zabbix%27%7D", nil)
	c.demo.record("extend_to_less", 400, "POST", "cinder", "/volumes/"+ids[0]+"/action",
		object{"os-extend": object{"new_size": 1}})
	c.demo.record("volume_delete", 202, "DELETE", "cinder", "/volumes/"+ids[2], nil)
	return ids
}

func (c *cloud) awaitVolume(id, status string) {
	until("volume "+id+" "+status, func() bool {
		return c.demo.must("GET", "cinder", "/volumes/"+id, nil).text("volume", "status") == status
	})
}

// recordAttachment boots a server and attaches the volume.
func recordAttachment(c *cloud, volume string) {
	s := newServers(c)
	server := c.demo.must("POST", "nova", "/servers", s.body("rec-server", s.flavor)).text("server", "id")
	c.demo.later("nova", "/servers/"+server)
	s.await(server, "ACTIVE")
	attachments := "/servers/" + server + "/os-volume_attachments"
	attach := object{"volumeAttachment": object{"volumeId": volume}}
	c.demo.record("volume_attach", 200, "POST", "nova", attachments, attach)
	c.awaitVolume(volume, "in-use")
	c.undo = append(c.undo, func() {
		c.demo.must("DELETE", "nova", attachments+"/"+volume, nil)
		c.awaitVolume(volume, "available")
	})
	c.demo.record("volume_attach_in_use", 400, "POST", "nova", attachments, attach)
	c.demo.record("volume_attachments", 200, "GET", "nova", attachments, nil)
	c.demo.record("volume_attach_unknown", 404, "POST", "nova", attachments,
		object{"volumeAttachment": object{"volumeId": "11111111-1111-4111-8111-111111111111"}})
	c.demo.record("volume_detach_unknown", 404, "DELETE", "nova",
		attachments+"/11111111-1111-4111-8111-111111111111", nil)
	c.demo.record("volume_in_use", 200, "GET", "cinder", "/volumes/"+volume, nil)
	c.demo.record("delete_in_use", 400, "DELETE", "cinder", "/volumes/"+volume, nil)
}

func recordSnapshots(c *cloud, volume string) {
	made := c.demo.record("snapshot_create", 202, "POST", "cinder", "/snapshots",
		object{"snapshot": object{"volume_id": volume, "name": "rec-snapshot"}})
	path := "/snapshots/" + made.text("snapshot", "id")
	c.demo.later("cinder", path)
	until("snapshot available", func() bool {
		return c.demo.must("GET", "cinder", path, nil).text("snapshot", "status") == "available"
	})
	c.demo.record("snapshot", 200, "GET", "cinder", path, nil)
	c.demo.record("delete_with_snapshot", 400, "DELETE", "cinder", "/volumes/"+volume, nil)
}

// exhaustCinder lowers one quota of the project to its usage, the minimum that Cinder accepts, and returns a
// function that restores it.
func (c *cloud) exhaustCinder(resource string) (restore func()) {
	path := "/os-quota-sets/" + c.demo.project
	now := c.admin.must("GET", "cinder", path+"?usage=True", nil)
	set := func(v any) { c.admin.must("PUT", "cinder", path, object{"quota_set": object{resource: v}}) }
	set(now.at("quota_set", resource, "in_use"))
	return func() { set(now.at("quota_set", resource, "limit")) }
}
