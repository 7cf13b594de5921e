package main

func recordGlance(c *cloud) {
	c.demo.withoutToken().record("unauthorized", 401, "GET", "glance", "/images", nil)
	c.expired().record("token_expired", 401, "GET", "glance", "/images", nil)
	first := c.demo.record("images", 200, "GET", "glance", "/images?limit=1&sort_key=name&sort_dir=asc", nil)
	next := first.text("next")
	c.demo.record("images_next", 200, "GET", "glance", next[len("/v2"):], nil)
	public := first.list("images")[0]["id"].(string)
	c.demo.record("image", 200, "GET", "glance", "/images/"+public, nil)
	c.demo.record("not_found", 404, "GET", "glance", "/images/11111111-1111-4111-8111-111111111111", nil)
	c.demo.record("bad_request", 400, "POST", "glance", "/images",
		object{"name": "rec", "disk_format": "floppy", "container_format": "bare"})
	c.demo.record("forbidden", 403, "DELETE", "glance", "/images/"+public, nil)
	made := c.demo.record("image_create", 201, "POST", "glance", "/images",
		object{"name": "rec-image", "disk_format": "raw", "container_format": "bare"})
	path := "/images/" + made.text("id")
	c.demo.later("glance", path)
	c.demo.record("image_upload", 204, "PUT", "glance", path+"/file", "the bytes of an image")
	c.demo.record("conflict", 409, "PUT", "glance", path+"/file", "other bytes")
}
