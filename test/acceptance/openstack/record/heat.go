package main

import (
	"fmt"
	"log"
)

const simple = `heat_template_version: 2018-08-31
parameters:
  cidr: {type: string, default: 10.80.0.0/24}
resources:
  network: {type: OS::Neutron::Net, properties: {name: rec-stack, tags: [mcm]}}
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: network}, cidr: {get_param: cidr}}}
outputs:
  network_id: {value: {get_resource: network}}
`

const nested = `heat_template_version: 2018-08-31
resources:
  members:
    type: OS::Heat::ResourceGroup
    properties: {count: 2, resource_def: {type: member.yaml}}
`

const member = `heat_template_version: 2018-08-31
resources:
  network: {type: OS::Neutron::Net}
  port: {type: OS::Neutron::Port, properties: {network: {get_resource: network}}}
`

const slow = `heat_template_version: 2018-08-31
resources:
  wait: {type: OS::Heat::TestResource, properties: {action_wait_secs: {create: 20}}}
`

func recordHeat(c *cloud) {
	c.demo.withoutToken().record("unauthorized", 401, "GET", "heat", "/stacks", nil)
	c.expired().record("token_expired", 401, "GET", "heat", "/stacks", nil)
	c.demo.record("forbidden", 403, "GET", "heat", "/services", nil)
	c.demo.record("not_found", 404, "GET", "heat", "/stacks/no-such-stack", nil)
	recordValidation(c)
	recordStack(c)
	recordFailedStack(c)
	recordBusyStack(c)
	recordStackByApplicationCredential(c)
	recordFailedDelete(c)
}

func stack(name, template string) object {
	return object{"stack_name": name, "template": template, "timeout_mins": 10, "disable_rollback": true,
		"tags": "mcm,mcm-task-rec"}
}

func recordValidation(c *cloud) {
	const head = "heat_template_version: 2018-08-31\n"
	faults := []struct{ name, template string }{
		{"validation_property", head + "resources: {n: {type: OS::Neutron::Net, properties: {nmae: x}}}"},
		{"validation_type", head + "resources: {n: {type: OS::Neutron::Nett}}"},
		{"validation_reference", head + "resources: {n: {type: OS::Neutron::Port, properties: {network: {get_resource: m}}}}"},
		{"validation_parameter_missing", head + "parameters: {a: {type: string}}\nresources: {n: {type: OS::Heat::RandomString}}"},
		{"validation_syntax", head + "resources: [unclosed"},
		{"validation_version", "heat_template_version: 1999-01-01\nresources: {}"},
		{"validation_flavor", head + "resources: {s: {type: OS::Nova::Server, properties: {flavor: no-such-flavor, networks: [{network: public}]}}}"},
		{"validation_parameter_constraint", head + "parameters: {a: {type: number, default: 9, constraints: [{range: {max: 5}}]}}\nresources: {n: {type: OS::Heat::RandomString}}"},
	}
	for _, f := range faults {
		c.demo.record(f.name, 400, "POST", "heat", "/stacks", stack("rec-invalid", f.template))
	}
	c.demo.record("bad_request", 400, "POST", "heat", "/stacks", object{"stack_name": "rec"})
	c.demo.record("stack_name_invalid", 400, "POST", "heat", "/stacks", stack("9 rec", simple))
	c.demo.record("template_validate", 200, "POST", "heat", "/validate", object{"template": simple})
}

// createStack creates a stack, recorded unless name is empty, and waits until it is no longer in progress.
func (c *cloud) createStack(name string, body object) (path, status string) {
	a := c.demo.must("POST", "heat", "/stacks", body)
	if name != "" {
		c.demo.write(name, "POST", "heat", "/stacks", body, a)
	}
	path = fmt.Sprintf("/stacks/%s/%s", body["stack_name"], a.text("stack", "id"))
	c.demo.later("heat", path)
	return path, c.settle(path)
}

// settle waits for the end of an action and returns the stack's status.
func (c *cloud) settle(path string) (status string) {
	until(path+" to settle", func() bool {
		status = c.demo.do("GET", "heat", path, nil).text("stack", "stack_status")
		return status == "" || len(status) < 11 || status[len(status)-11:] != "IN_PROGRESS"
	})
	return status
}

func recordStack(c *cloud) {
	path, status := c.createStack("stack_create", stack("rec-stack", simple))
	if status != "CREATE_COMPLETE" {
		failf("the simple stack is %s", status)
	}
	c.demo.record("conflict", 409, "POST", "heat", "/stacks", stack("rec-stack", simple))
	c.demo.record("stack", 200, "GET", "heat", path, nil)
	c.demo.record("stack_by_name", 302, "GET", "heat", "/stacks/rec-stack", nil)
	c.demo.record("stacks_by_tag", 200, "GET", "heat", "/stacks?tags=mcm", nil)
	c.demo.record("resources", 200, "GET", "heat", path+"/resources?nested_depth=2", nil)
	events := c.demo.record("events", 200, "GET", "heat", path+"/events?limit=2&sort_dir=asc", nil)
	c.demo.record("events_next", 200, "GET", "heat", fmt.Sprintf("%s/events?limit=20&sort_dir=asc&marker=%s", path,
		events.list("events")[1]["id"]), nil)
	c.demo.record("resource", 200, "GET", "heat", path+"/resources/network", nil)
	c.demo.record("resource_not_found", 404, "GET", "heat", path+"/resources/nothing", nil)
	c.demo.record("stack_update", 202, "PUT", "heat", path, stack("rec-stack", simple))
	c.settle(path)
	c.demo.record("stack_updated", 200, "GET", "heat", path, nil)
	other, _ := c.createStack("", stack("rec-other", simple))
	page := c.demo.record("stacks", 200, "GET", "heat", "/stacks?limit=1&sort_keys=stack_name&sort_dir=asc", nil)
	c.demo.record("stacks_next", 200, "GET", "heat", fmt.Sprintf("/stacks?limit=1&marker=%s", page.list("stacks")[0]["id"]), nil)
	c.demo.record("stack_delete", 204, "DELETE", "heat", other, nil)
	c.settle(other)
	c.demo.record("stack_deleted", 200, "GET", "heat", other, nil)
}

// recordFailedStack exceeds Neutron's port quota inside a resource group.
func recordFailedStack(c *cloud) {
	used := len(c.demo.must("GET", "neutron", "/ports", nil).list("ports"))
	restore := c.limitNeutron("port", used+1)
	body := stack("rec-failed", nested)
	body["files"] = object{"member.yaml": member}
	path, status := c.createStack("stack_create_nested", body)
	restore()
	if status != "CREATE_FAILED" {
		failf("the stack over quota is %s", status)
	}
	c.demo.record("stack_create_failed", 200, "GET", "heat", path, nil)
	c.demo.record("resources_create_failed", 200, "GET", "heat", path+"/resources?nested_depth=2", nil)
	c.demo.record("events_create_failed", 200, "GET", "heat", path+"/events?nested_depth=2&limit=100", nil)
}

// recordBusyStack requests changes during the creation of a stack: an update pre-empts the action in progress,
// and cancelling an update fails if there is none.
func recordBusyStack(c *cloud) {
	a := c.demo.must("POST", "heat", "/stacks", stack("rec-busy", slow))
	path := "/stacks/rec-busy/" + a.text("stack", "id")
	c.demo.later("heat", path)
	c.demo.record("stack_in_progress", 200, "GET", "heat", path, nil)
	c.demo.record("cancel_update_refused", 400, "POST", "heat", path+"/actions", object{"cancel_update": nil})
	c.demo.record("update_in_progress", 202, "PUT", "heat", path, stack("rec-busy", simple))
}

// recordStackByApplicationCredential records Heat's error when it cannot create a trust; older releases
// succeed.
func recordStackByApplicationCredential(c *cloud) {
	path := "/users/" + c.demo.user + "/application_credentials"
	made := c.demo.must("POST", "keystone", path, object{"application_credential": object{"name": "rec-heat"}})
	id := made.text("application_credential", "id")
	c.demo.later("keystone", path+"/"+id)
	by := c.session(object{"auth": object{"identity": object{"methods": []string{"application_credential"},
		"application_credential": object{"id": id, "secret": made.text("application_credential", "secret")}}}})
	body := stack("rec-credential", simple)
	a := by.do("POST", "heat", "/stacks", body)
	if a.status == 201 {
		log.Print("heat: this release lets an application credential make a stack")
		stackPath := "/stacks/rec-credential/" + a.text("stack", "id")
		c.demo.later("heat", stackPath)
		c.settle(stackPath)
	}
	by.write("stack_by_application_credential", "POST", "heat", "/stacks", body, a)
}

// recordFailedDelete adds a port to the stack's network without Heat's knowledge.
func recordFailedDelete(c *cloud) {
	body := stack("rec-stuck", simple)
	path, _ := c.createStack("", body)
	network := c.demo.must("GET", "heat", path+"/resources/network", nil).text("resource", "physical_resource_id")
	port := c.demo.must("POST", "neutron", "/ports", object{"port": object{"network_id": network}}).text("port", "id")
	c.demo.later("neutron", "/ports/"+port)
	c.demo.must("DELETE", "heat", path, nil)
	if status := c.settle(path); status != "DELETE_FAILED" {
		failf("the stack with a port on its network is %s", status)
	}
	c.demo.record("stack_delete_failed", 200, "GET", "heat", path, nil)
	c.demo.record("resources_delete_failed", 200, "GET", "heat", path+"/resources?nested_depth=2", nil)
	c.demo.record("events_delete_failed", 200, "GET", "heat", path+"/events?limit=100", nil)
}
