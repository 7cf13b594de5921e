package main

import "strings"

func recordSwift(c *cloud) {
	c.demo.withoutToken().record("unauthorized", 401, "GET", "swift", "/rec-container", nil)
	c.expired().record("token_expired", 401, "GET", "swift", "", nil)
	c.viewer.record("forbidden", 403, "PUT", "swift", "/rec-container", nil)
	c.demo.record("not_found", 404, "GET", "swift", "/rec-container?format=json", nil)
	c.demo.record("bad_request", 400, "PUT", "swift", "/"+strings.Repeat("x", 300), nil)
	c.demo.record("container_create", 201, "PUT", "swift", "/rec-container", nil)
	c.demo.later("swift", "/rec-container")
	c.demo.record("container_create_again", 202, "PUT", "swift", "/rec-container", nil)
	for _, name := range []string{"a.jsonl", "b.jsonl", "c.jsonl"} {
		c.demo.record("object_create", 201, "PUT", "swift", "/rec-container/"+name, "one line\n")
		c.demo.later("swift", "/rec-container/"+name)
	}
	c.demo.record("object", 200, "GET", "swift", "/rec-container/a.jsonl", nil)
	c.demo.record("object_not_found", 404, "GET", "swift", "/rec-container/z.jsonl", nil)
	c.demo.record("objects", 200, "GET", "swift", "/rec-container?format=json&limit=2", nil)
	c.demo.record("objects_next", 200, "GET", "swift", "/rec-container?format=json&limit=2&marker=b.jsonl", nil)
	c.demo.record("conflict", 409, "DELETE", "swift", "/rec-container", nil)
	c.demo.record("account", 204, "HEAD", "swift", "", nil)
	c.demo.with("X-Container-Meta-Quota-Bytes", "10").must("POST", "swift", "/rec-container", nil)
	c.demo.record("quota", 413, "PUT", "swift", "/rec-container/d.jsonl", "a line that is too much\n")
}
