package conformance

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newStack creates a stack, waits for the status and returns its path.
func (a *actor) newStack(t *testing.T, name, status string, more obj) (path string, got response) {
	t.Helper()
	body := obj{"stack_name": shared.mark + "-" + name}
	maps.Copy(body, more)
	path = "/stacks/" + str(body, "stack_name") + "/" + a.stack(t, body)
	return path, a.awaitStack(t, path, status)
}

// output returns the value of an output.
func output(out response, key string) any {
	for _, o := range out.list("stack", "outputs") {
		if str(o, "output_key") == key {
			return o["output_value"]
		}
	}
	return nil
}

const twoSubnets = version + `
resources:
  network: {type: OS::Neutron::Net}
  one: {type: OS::Neutron::Subnet, properties: {network: {get_resource: network}, cidr: 10.95.0.0/24}}
  two: {type: OS::Neutron::Subnet, depends_on: one, properties: {network: {get_resource: network}, cidr: 10.95.0.0/25}}
`

var stackCases = []one[*actor]{
	{"a stack is made, changed and removed", func(t *testing.T, a *actor) {
		out := a.want(t, 201, "POST", "heat", "/stacks", obj{"stack_name": shared.mark + "-life", "template": networkTemplate})
		path := "/stacks/" + shared.mark + "-life/" + out.text("stack", "id")
		a.later(t, "heat", path)
		assert.True(t, strings.HasSuffix(out.header.Get("Location"), path), out.header.Get("Location"))
		assert.Contains(t, []string{"CREATE_IN_PROGRESS", "CREATE_COMPLETE"}, a.want(t, 200, "GET", "heat", path, nil).text("stack", "stack_status"))
		got := a.awaitStack(t, path, "CREATE_COMPLETE")
		network, subnet := output(got, "network").(string), output(got, "subnet").(string)
		shown := a.want(t, 200, "GET", "neutron", "/networks/"+network, nil)
		assert.True(t, strings.HasPrefix(shown.text("network", "name"), shared.mark+"-life-network-"), shown.text("network", "name"))

		changed := a.want(t, 202, "PUT", "heat", path, obj{"template": networkTemplate, "parameters": obj{"cidr": "10.96.0.0/24"}})
		assert.Contains(t, string(changed.raw), "202 Accepted")
		got = a.awaitStack(t, path, "UPDATE_COMPLETE")
		assert.Equal(t, network, output(got, "network"))
		assert.NotEqual(t, subnet, output(got, "subnet"), "another address range is another subnet")
		a.want(t, 404, "GET", "neutron", "/subnets/"+subnet, nil)
		assert.NotEmpty(t, got.text("stack", "updated_time"))

		a.want(t, 204, "DELETE", "heat", path, nil)
		a.awaitStack(t, path, "DELETE_COMPLETE")
		a.want(t, 404, "GET", "neutron", "/networks/"+network, nil)
		until(t, "the name to be free", func() bool { return a.ask(t, "GET", "heat", "/stacks/"+shared.mark+"-life", nil).status == 404 })
		assert.Empty(t, a.want(t, 200, "GET", "heat", "/stacks?name="+shared.mark+"-life", nil).list("stacks"))
	}},
	{"a patch keeps what it does not name", func(t *testing.T, a *actor) {
		path, got := a.newStack(t, "patch", "CREATE_COMPLETE", obj{"template": networkTemplate, "tags": "kept"})
		network := output(got, "network")
		a.want(t, 202, "PATCH", "heat", path, obj{"parameters": obj{"cidr": "10.96.0.0/24"}})
		got = a.awaitStack(t, path, "UPDATE_COMPLETE")
		assert.Equal(t, "10.96.0.0/24", got.text("stack", "parameters", "cidr"))
		assert.Equal(t, network, output(got, "network"))
		assert.Equal(t, []any{"kept"}, got.at("stack", "tags"))
	}},
	{"an update without its parameters is refused", func(t *testing.T, a *actor) {
		template := version + "parameters: {a: {type: string}}\nresources: {}"
		path, _ := a.newStack(t, "bare", "CREATE_COMPLETE", obj{"template": template, "parameters": obj{"a": "1"}})
		a.refused(t, 400, "UserParameterMissing", "The Parameter (a) was not provided.", "PUT", "heat", path, obj{"template": template})
		a.refused(t, 400, "HTTPBadRequest", "No template specified", "PUT", "heat", path, obj{})
	}},
	{"an update pre-empts the one before", func(t *testing.T, a *actor) {
		path, _ := a.newStack(t, "again", "CREATE_COMPLETE", obj{"template": version + "resources: {n: {type: OS::Neutron::Net}}"})
		for _, name := range []string{"one", "two"} {
			a.want(t, 202, "PUT", "heat", path, obj{"template": version + "resources: {n: {type: OS::Neutron::Net, properties: {name: " + name + "}}}"})
		}
		a.awaitStack(t, path, "UPDATE_COMPLETE")
		id := a.want(t, 200, "GET", "heat", path+"/resources/n", nil).text("resource", "physical_resource_id")
		assert.Equal(t, "two", a.want(t, 200, "GET", "neutron", "/networks/"+id, nil).text("network", "name"))
	}},
	{"a failure is told in the words of the service", func(t *testing.T, a *actor) {
		path, got := a.newStack(t, "fail", "CREATE_FAILED", obj{"template": twoSubnets, "disable_rollback": true})
		reason := got.text("stack", "stack_status_reason")
		assert.True(t, strings.HasPrefix(reason, "Resource CREATE failed: BadRequest: resources.two: Invalid input for operation: "+
			"Requested subnet with cidr: 10.95.0.0/25 for network: "), reason)
		assert.Contains(t, reason, "overlaps with another subnet.")
		resource := a.want(t, 200, "GET", "heat", path+"/resources/two", nil)
		assert.Equal(t, "CREATE_FAILED", resource.text("resource", "resource_status"))
		why := resource.text("resource", "resource_status_reason")
		assert.True(t, strings.HasPrefix(why, "BadRequest: resources.two: Invalid input for operation: "), why)
		assert.Contains(t, why, "Neutron server returns request_ids: ['req-")
		events := a.want(t, 200, "GET", "heat", path+"/resources/two/events", nil).list("events")
		assert.Equal(t, []string{"CREATE_FAILED", "CREATE_IN_PROGRESS"}, names(events, "resource_status"), "the newest first")

		fixed := strings.Replace(twoSubnets, "10.95.0.0/25", "10.95.1.0/25", 1)
		a.want(t, 202, "PUT", "heat", path, obj{"template": fixed})
		a.awaitStack(t, path, "UPDATE_COMPLETE")
	}},
	{"a failure is rolled back when asked", func(t *testing.T, a *actor) {
		path, got := a.newStack(t, "rollback", "ROLLBACK_COMPLETE", obj{"template": twoSubnets, "disable_rollback": false})
		assert.Equal(t, "Stack ROLLBACK completed successfully", got.text("stack", "stack_status_reason"))
		assert.Empty(t, a.want(t, 200, "GET", "heat", path+"/resources", nil).list("resources"))
	}},
	{"a removal that fails is tried again", func(t *testing.T, a *actor) {
		path, got := a.newStack(t, "stuck", "CREATE_COMPLETE", obj{"template": networkTemplate})
		port := a.made(t, "neutron", "/ports", "port", obj{"network_id": output(got, "network")})
		a.want(t, 204, "DELETE", "heat", path, nil)
		got = a.awaitStack(t, path, "DELETE_FAILED")
		reason := got.text("stack", "stack_status_reason")
		assert.True(t, strings.HasPrefix(reason, "Resource DELETE failed: Conflict: resources.subnet: Unable to complete operation on subnet "), reason)
		a.want(t, 204, "DELETE", "neutron", "/ports/"+port, nil)
		a.want(t, 204, "DELETE", "heat", path, nil)
		a.awaitStack(t, path, "DELETE_COMPLETE")
	}},
	{"a stack in a stack", func(t *testing.T, a *actor) {
		inner := version + "parameters: {n: {type: number}}\nresources: {r: {type: OS::Heat::RandomString, properties: {length: {get_param: n}}}}\n" +
			"outputs: {text: {value: {get_resource: r}}}"
		path, got := a.newStack(t, "outer", "CREATE_COMPLETE", obj{"files": obj{"inner.yaml": inner}, "template": version +
			"resources: {in: {type: inner.yaml, properties: {n: 9}}}\noutputs: {text: {value: {get_attr: [in, text]}}}"})
		assert.Len(t, output(got, "text"), 9)
		flat := a.want(t, 200, "GET", "heat", path+"/resources", nil).list("resources")
		assert.Equal(t, []string{"in"}, names(flat, "resource_name"))
		deep := a.want(t, 200, "GET", "heat", path+"/resources?nested_depth=2", nil).list("resources")
		assert.ElementsMatch(t, []string{"in", "r"}, names(deep, "resource_name"))
		for _, r := range deep {
			if str(r, "resource_name") == "r" {
				assert.Equal(t, "in", str(r, "parent_resource"))
			}
		}
	}},
	{"a group of resources", func(t *testing.T, a *actor) {
		template := version + "parameters: {n: {type: number}}\nresources:\n  g:\n    type: OS::Heat::ResourceGroup\n    properties:\n" +
			"      count: {get_param: n}\n      resource_def: {type: OS::Heat::RandomString, properties: {length: 5}}\n" +
			"outputs: {all: {value: {get_attr: [g, value]}}}"
		path, got := a.newStack(t, "group", "CREATE_COMPLETE", obj{"template": template, "parameters": obj{"n": 2}})
		before, _ := output(got, "all").([]any)
		require.Len(t, before, 2)
		a.want(t, 202, "PATCH", "heat", path, obj{"parameters": obj{"n": 3}})
		after, _ := output(a.awaitStack(t, path, "UPDATE_COMPLETE"), "all").([]any)
		require.Len(t, after, 3)
		assert.Equal(t, before, after[:2], "those that were there stay")
	}},
	{"a condition leaves a resource out", func(t *testing.T, a *actor) {
		template := version + "parameters: {flag: {type: boolean}}\nconditions: {wanted: {equals: [{get_param: flag}, true]}}\nresources:\n" +
			"  always: {type: OS::Heat::RandomString}\n  maybe: {type: OS::Heat::RandomString, condition: wanted}\n"
		path, _ := a.newStack(t, "maybe", "CREATE_COMPLETE", obj{"template": template, "parameters": obj{"flag": false}})
		list := a.want(t, 200, "GET", "heat", path+"/resources", nil).list("resources")
		assert.Equal(t, []string{"always"}, names(list, "resource_name"))
	}},
	{"a stack is checked, suspended and resumed", func(t *testing.T, a *actor) {
		path, _ := a.newStack(t, "still", "CREATE_COMPLETE", obj{"template": version + "resources: {n: {type: OS::Neutron::Net}}"})
		for _, verb := range []string{"check", "suspend", "resume"} {
			a.want(t, 200, "POST", "heat", path+"/actions", obj{verb: nil})
			until(t, verb, func() bool {
				return a.want(t, 200, "GET", "heat", path, nil).text("stack", "stack_status") == strings.ToUpper(verb)+"_COMPLETE"
			})
		}
	}},
	{"an application credential makes no stack", func(t *testing.T, a *actor) {
		token := a.credentialToken(t, nil)
		out := a.want(t, 500, "POST", "heat", "/stacks", obj{"stack_name": shared.mark + "-credential", "template": version + "resources: {}"},
			"X-Auth-Token", token)
		assert.Equal(t, "RemoteError", out.text("error", "type"))
	}},
	{"stacks of another project are not found", func(t *testing.T, a *actor) {
		path, _ := a.newStack(t, "mine", "CREATE_COMPLETE", obj{"template": version + "resources: {}"})
		other := otherProjectUser(t, "member")
		other.refused(t, 404, "EntityNotFound", "could not be found.", "GET", "heat", path, nil)
	}},
}
