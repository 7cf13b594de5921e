package conformance

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// badServer returns a case that requires the refusal of a changed server request.
func badServer(words string, more obj) func(*testing.T, *novaEnv) {
	return func(t *testing.T, y *novaEnv) {
		body := y.body("bad")
		for k, v := range more {
			if body[k] = v; v == nil {
				delete(body, k)
			}
		}
		y.refused(t, 400, "badRequest", words, "POST", "nova", "/servers", obj{"server": body})
	}
}

// conflict requires that a server in its state refuses an action.
func (y *novaEnv) conflict(t *testing.T, id, words string, action obj) {
	t.Helper()
	y.refused(t, 409, "conflictingRequest", words, "POST", "nova", "/servers/"+id+"/action", action)
}

var serverCases = []one[*novaEnv]{
	{"a server is built step by step", func(t *testing.T, y *novaEnv) {
		out := y.make(t, "nova", "/servers", "server", y.body("steps"))
		id := out.text("server", "id")
		assert.Equal(t, 202, out.status)
		assert.True(t, strings.HasSuffix(out.header.Get("Location"), "/servers/"+id), out.header.Get("Location"))
		has(t, out.at("server"), "id", "links", "adminPass", "security_groups", "OS-DCF:diskConfig")
		got := y.want(t, 200, "GET", "nova", "/servers/"+id, nil)
		assert.Contains(t, []string{"BUILD", "ACTIVE"}, got.text("server", "status"))
		got = y.await(t, id, "ACTIVE")
		assert.Equal(t, "active", got.text("server", "OS-EXT-STS:vm_state"))
		assert.Equal(t, 1.0, got.at("server", "OS-EXT-STS:power_state"))
		assert.Equal(t, "fixed", got.text("server", "addresses", shared.mark+"-yard", 0, "OS-EXT-IPS:type"))
		assert.Equal(t, y.image, got.text("server", "image", "id"))
		has(t, got.at("server", "flavor"), "original_name", "vcpus", "ram", "disk", "extra_specs")
		has(t, got.at("server"), "hostId", "progress", "key_name", "created", "updated", "OS-SRV-USG:launched_at", "tenant_id", "user_id", "config_drive",
			"OS-EXT-AZ:availability_zone", "locked", "description", "tags", "server_groups", "os-extended-volumes:volumes_attached")
		y.want(t, 204, "DELETE", "nova", "/servers/"+id, nil)
		until(t, "the server to go", func() bool { return y.ask(t, "GET", "nova", "/servers/"+id, nil).status == 404 })
	}},
	{"the client library boots, finds and deletes", func(t *testing.T, y *novaEnv) {
		name := shared.mark + "-library"
		s, err := servers.Create(t.Context(), y.compute, servers.CreateOpts{Name: name, FlavorRef: y.flavor, ImageRef: y.image,
			Networks: []servers.Network{{UUID: y.network}}, Metadata: map[string]string{"who": "library"}}, nil).Extract()
		require.NoError(t, err)
		y.later(t, "nova", "/servers/"+s.ID)
		y.await(t, s.ID, "ACTIVE")
		pages, err := servers.List(y.compute, servers.ListOpts{Name: "^" + name + "$"}).AllPages(t.Context())
		require.NoError(t, err)
		list, err := servers.ExtractServers(pages)
		require.NoError(t, err)
		require.Len(t, list, 1)
		assert.Equal(t, map[string]string{"who": "library"}, list[0].Metadata)
		require.NoError(t, servers.Delete(t.Context(), y.compute, s.ID).ExtractErr())
	}},
	{"without a name", badServer("'name' is a required property", obj{"name": nil})},
	{"without a flavor", badServer("'flavorRef' is a required property", obj{"flavorRef": nil})},
	{"with an unknown flavor", badServer("Flavor no-such-flavor could not be found.", obj{"flavorRef": "no-such-flavor"})},
	{"with an unknown image", badServer("Can not find requested image", obj{"imageRef": nobody})},
	{"with an unknown network", badServer("Network "+nobody+" could not be found.", obj{"networks": []obj{{"uuid": nobody}}})},
	{"with an unknown port", badServer("Port id "+nobody+" could not be found.", obj{"networks": []obj{{"port": nobody}}})},
	{"with an unknown key", badServer("Invalid key_name provided.", obj{"key_name": "no-such-key"})},
	{"with user data that is no base64", badServer("Invalid input for field/attribute user_data.", obj{"user_data": "a"})},
	{"with a property that there is not", badServer("Additional properties are not allowed ('colour' was unexpected)", obj{"colour": "red"})},
	{"with metadata that is no text", badServer("Invalid input for field/attribute", obj{"metadata": obj{"a": []string{"b"}}})},
	{"without networks there is a choice to make", func(t *testing.T, y *novaEnv) {
		y.made(t, "neutron", "/networks", "network", obj{"name": shared.mark + "-second"})
		body := y.body("choice")
		delete(body, "networks")
		out := y.ask(t, "POST", "nova", "/servers", obj{"server": body}, "OpenStack-API-Version", "")
		class, message := out.fault()
		assert.Equal(t, 409, out.status, "%s", out.raw)
		assert.Equal(t, "conflictingRequest", class)
		assert.Contains(t, message, "Multiple possible networks found, use a Network ID to be more specific.")
	}},
	{"a port that is in use is a conflict", func(t *testing.T, y *novaEnv) {
		port := y.want(t, 200, "GET", "nova", "/servers/"+y.common(t)+"/os-interface", nil).text("interfaceAttachments", 0, "port_id")
		body := y.body("port")
		body["networks"] = []obj{{"port": port}}
		y.refused(t, 409, "conflictingRequest", "Port "+port+" is still in use.", "POST", "nova", "/servers", obj{"server": body})
	}},
	{"a server of a port and without an image of a key", func(t *testing.T, y *novaEnv) {
		key := shared.mark + "-boot"
		y.keyPair(t, obj{"name": key, "public_key": publicKey})
		port := y.made(t, "neutron", "/ports", "port", obj{"network_id": y.network})
		id := y.boot(t, obj{"networks": []obj{{"port": port}}, "key_name": key,
			"user_data": base64.StdEncoding.EncodeToString([]byte("#cloud-config\n"))})
		got := y.want(t, 200, "GET", "nova", "/servers/"+id, nil)
		assert.Equal(t, key, got.text("server", "key_name"))
		assert.Equal(t, id, y.want(t, 200, "GET", "neutron", "/ports/"+port, nil).text("port", "device_id"))
		y.want(t, 204, "DELETE", "nova", "/servers/"+id, nil)
		until(t, "the port to be free", func() bool {
			return y.want(t, 200, "GET", "neutron", "/ports/"+port, nil).text("port", "device_id") == ""
		})
	}},
	{"several at once are numbered", func(t *testing.T, y *novaEnv) {
		body := y.body("many")
		body["min_count"], body["max_count"] = 2, 2
		y.want(t, 202, "POST", "nova", "/servers", obj{"server": body})
		list := y.want(t, 200, "GET", "nova", "/servers?name="+shared.mark+"-many", nil).list("servers")
		for _, s := range list {
			y.later(t, "nova", "/servers/"+str(s, "id"))
		}
		assert.ElementsMatch(t, []string{shared.mark + "-many-1", shared.mark + "-many-2"}, names(list, "name"))
	}},
	{"one that is being built is deleted", func(t *testing.T, y *novaEnv) {
		id := y.made(t, "nova", "/servers", "server", y.body("short"))
		y.want(t, 204, "DELETE", "nova", "/servers/"+id, nil)
	}},
	{"stop and start", func(t *testing.T, y *novaEnv) {
		id := y.common(t)
		y.conflict(t, id, "Cannot 'start' instance "+id+" while it is in vm_state active", obj{"os-start": nil})
		y.act(t, id, obj{"os-stop": nil})
		got := y.await(t, id, "SHUTOFF")
		assert.Equal(t, 4.0, got.at("server", "OS-EXT-STS:power_state"))
		assert.Equal(t, "stopped", got.text("server", "OS-EXT-STS:vm_state"))
		y.conflict(t, id, "Cannot 'stop' instance "+id+" while it is in vm_state stopped", obj{"os-stop": nil})
		y.act(t, id, obj{"os-start": nil})
		y.await(t, id, "ACTIVE")
	}},
	{"of two stops at once one is a conflict", func(t *testing.T, y *novaEnv) {
		id := y.common(t)
		y.act(t, id, obj{"os-stop": nil})
		out := y.ask(t, "POST", "nova", "/servers/"+id+"/action", obj{"os-stop": nil})
		assert.Equal(t, 409, out.status, "%s", out.raw)
		y.await(t, id, "SHUTOFF")
		y.act(t, id, obj{"os-start": nil})
		y.await(t, id, "ACTIVE")
	}},
	{"reboot", func(t *testing.T, y *novaEnv) {
		id := y.common(t)
		for _, kind := range []string{"SOFT", "HARD"} {
			y.act(t, id, obj{"reboot": obj{"type": kind}})
			y.await(t, id, "ACTIVE")
		}
		y.refused(t, 400, "badRequest", "Invalid input for field/attribute type.", "POST", "nova", "/servers/"+id+"/action",
			obj{"reboot": obj{"type": "GENTLE"}})
	}},
	{"pause and unpause", func(t *testing.T, y *novaEnv) {
		id := y.common(t)
		y.act(t, id, obj{"pause": nil})
		y.await(t, id, "PAUSED")
		y.conflict(t, id, "while it is in vm_state paused", obj{"os-stop": nil})
		y.act(t, id, obj{"unpause": nil})
		y.await(t, id, "ACTIVE")
	}},
	{"suspend and resume", func(t *testing.T, y *novaEnv) {
		id := y.common(t)
		y.act(t, id, obj{"suspend": nil})
		y.await(t, id, "SUSPENDED")
		y.act(t, id, obj{"resume": nil})
		y.await(t, id, "ACTIVE")
	}},
	{"a locked server is left alone", func(t *testing.T, y *novaEnv) {
		id := y.common(t)
		y.act(t, id, obj{"lock": obj{"locked_reason": "for a case"}})
		got := y.want(t, 200, "GET", "nova", "/servers/"+id, nil)
		assert.Equal(t, true, got.at("server", "locked"))
		assert.Equal(t, "for a case", got.text("server", "locked_reason"))
		y.conflict(t, id, "Instance "+id+" is locked", obj{"os-stop": nil})
		y.refused(t, 409, "conflictingRequest", "Instance "+id+" is locked", "DELETE", "nova", "/servers/"+id, nil)
		y.act(t, id, obj{"unlock": nil})
		assert.Equal(t, false, y.want(t, 200, "GET", "nova", "/servers/"+id, nil).at("server", "locked"))
	}},
	{"rebuild with another image", func(t *testing.T, y *novaEnv) {
		id := y.boot(t, nil)
		before := y.want(t, 200, "GET", "nova", "/servers/"+id, nil)
		out := y.act(t, id, obj{"rebuild": obj{"imageRef": y.other, "metadata": obj{"rebuilt": "yes"}}})
		assert.Equal(t, "REBUILD", out.text("server", "status"))
		assert.NotEmpty(t, out.text("server", "adminPass"))
		got := y.await(t, id, "ACTIVE")
		assert.Equal(t, y.other, got.text("server", "image", "id"))
		assert.Equal(t, before.at("server", "addresses"), got.at("server", "addresses"))
		assert.Equal(t, obj{"rebuilt": "yes"}, got.at("server", "metadata"))
		y.refused(t, 400, "badRequest", "Cannot find image", "POST", "nova", "/servers/"+id+"/action", obj{"rebuild": obj{"imageRef": nobody}})
	}},
	{"resize, revert and confirm", func(t *testing.T, y *novaEnv) {
		id := y.boot(t, nil)
		y.refused(t, 400, "badRequest", "When resizing, instances must change flavor!", "POST", "nova", "/servers/"+id+"/action",
			obj{"resize": obj{"flavorRef": y.flavor}})
		y.conflict(t, id, "while it is in vm_state active", obj{"confirmResize": nil})
		before := y.want(t, 200, "GET", "nova", "/servers/"+id, nil).at("server", "flavor")
		y.act(t, id, obj{"resize": obj{"flavorRef": y.bigger}})
		y.await(t, id, "VERIFY_RESIZE")
		y.act(t, id, obj{"revertResize": nil})
		assert.Equal(t, before, y.await(t, id, "ACTIVE").at("server", "flavor"))
		y.act(t, id, obj{"resize": obj{"flavorRef": y.bigger}})
		y.await(t, id, "VERIFY_RESIZE")
		y.want(t, 204, "POST", "nova", "/servers/"+id+"/action", obj{"confirmResize": nil})
		assert.NotEqual(t, before, y.await(t, id, "ACTIVE").at("server", "flavor"))
	}},
	{"an unknown action is malformed", func(t *testing.T, y *novaEnv) {
		y.refused(t, 400, "badRequest", "There is no such action: sing", "POST", "nova", "/servers/"+y.common(t)+"/action", obj{"sing": nil})
	}},
	{"a server is renamed and described", func(t *testing.T, y *novaEnv) {
		path := "/servers/" + y.common(t)
		out := y.want(t, 200, "PUT", "nova", path, obj{"server": obj{"name": shared.mark + "-new", "description": "what it is"}})
		assert.Equal(t, shared.mark+"-new", out.text("server", "name"))
		assert.Equal(t, "what it is", y.want(t, 200, "GET", "nova", path, nil).text("server", "description"))
	}},
	{"metadata is set, replaced and deleted", func(t *testing.T, y *novaEnv) {
		path := "/servers/" + y.common(t) + "/metadata"
		y.want(t, 200, "PUT", "nova", path, obj{"metadata": obj{"a": "1"}})
		out := y.want(t, 200, "POST", "nova", path, obj{"metadata": obj{"b": "2"}})
		assert.Equal(t, obj{"a": "1", "b": "2"}, out.at("metadata"))
		assert.Equal(t, obj{"b": "3"}, y.want(t, 200, "PUT", "nova", path+"/b", obj{"meta": obj{"b": "3"}}).at("meta"))
		assert.Equal(t, obj{"b": "3"}, y.want(t, 200, "GET", "nova", path+"/b", nil).at("meta"))
		y.want(t, 204, "DELETE", "nova", path+"/a", nil)
		y.refused(t, 404, "itemNotFound", "Metadata item was not found", "DELETE", "nova", path+"/a", nil)
		y.refused(t, 404, "itemNotFound", "Metadata item was not found", "GET", "nova", path+"/a", nil)
		assert.Equal(t, obj{"b": "3"}, y.want(t, 200, "GET", "nova", path, nil).at("metadata"))
		assert.Equal(t, obj{}, y.want(t, 200, "PUT", "nova", path, obj{"metadata": obj{}}).at("metadata"))
	}},
	{"metadata that is too long is malformed", func(t *testing.T, y *novaEnv) {
		y.refused(t, 400, "badRequest", "Invalid input for field/attribute", "POST", "nova", "/servers/"+y.common(t)+"/metadata",
			obj{"metadata": obj{"a": strings.Repeat("x", 256)}})
	}},
	{"tags are set and deleted", func(t *testing.T, y *novaEnv) {
		path := "/servers/" + y.common(t) + "/tags"
		assert.Equal(t, []any{"one", "two"}, y.want(t, 200, "PUT", "nova", path, obj{"tags": []string{"one", "two"}}).at("tags"))
		y.want(t, 201, "PUT", "nova", path+"/three", nil)
		y.want(t, 204, "PUT", "nova", path+"/three", nil)
		y.want(t, 204, "GET", "nova", path+"/three", nil)
		y.want(t, 204, "DELETE", "nova", path+"/three", nil)
		y.want(t, 404, "GET", "nova", path+"/three", nil)
		list := y.want(t, 200, "GET", "nova", "/servers?tags=one,two", nil).list("servers")
		assert.Equal(t, []string{y.server}, names(list, "id"))
		assert.Empty(t, y.want(t, 200, "GET", "nova", "/servers?tags=one,four", nil).list("servers"))
		y.want(t, 204, "DELETE", "nova", path, nil)
		assert.Equal(t, []any{}, y.want(t, 200, "GET", "nova", path, nil).at("tags"))
	}},
	{"servers are found by name, status, image and flavor", func(t *testing.T, y *novaEnv) {
		id := y.common(t)
		name := y.want(t, 200, "GET", "nova", "/servers/"+id, nil).text("server", "name")
		for filter, found := range map[string]bool{"name=^" + name + "$": true, "name=no-such-name": false, "status=ACTIVE": true,
			"status=active": true, "status=SHUTOFF": false, "image=" + y.image: true, "image=" + nobody: false, "flavor=" + y.flavor: true,
			"flavor=no-such-flavor": false} {
			got := names(y.want(t, 200, "GET", "nova", "/servers?"+filter, nil).list("servers"), "id")
			assert.Equal(t, found, len(got) > 0 && strings.Contains(strings.Join(got, " "), id), "%s: %v", filter, got)
		}
	}},
	{"servers come in pages, the newest first", func(t *testing.T, y *novaEnv) {
		old, young := y.common(t), y.boot(t, nil)
		page := y.want(t, 200, "GET", "nova", "/servers/detail?limit=1", nil)
		assert.Equal(t, young, page.text("servers", 0, "id"))
		assert.Contains(t, page.text("servers_links", 0, "href"), "marker="+young)
		next := y.want(t, 200, "GET", "nova", "/servers?limit=1&marker="+young, nil)
		assert.Equal(t, old, next.text("servers", 0, "id"))
	}},
	{"the console shows the end of a text", func(t *testing.T, y *novaEnv) {
		out := y.want(t, 200, "POST", "nova", "/servers/"+y.common(t)+"/action", obj{"os-getConsoleOutput": obj{"length": 3}})
		_, ok := out.at("output").(string)
		assert.True(t, ok, "%s", out.raw)
	}},
	{"what was done to a server is on record", func(t *testing.T, y *novaEnv) {
		id := y.common(t)
		list := y.want(t, 200, "GET", "nova", "/servers/"+id+"/os-instance-actions", nil).list("instanceActions")
		require.NotEmpty(t, list)
		assert.Equal(t, "create", str(list[len(list)-1], "action"))
		has(t, list[0], "action", "instance_uuid", "request_id", "user_id", "project_id", "start_time", "message", "updated_at")
		one := y.want(t, 200, "GET", "nova", "/servers/"+id+"/os-instance-actions/"+str(list[0], "request_id"), nil)
		assert.Equal(t, str(list[0], "action"), one.text("instanceAction", "action"))
	}},
	{"servers of another project are not found", func(t *testing.T, y *novaEnv) {
		id, other := y.common(t), otherProjectUser(t, "member")
		other.refused(t, 404, "itemNotFound", "Instance "+id+" could not be found.", "GET", "nova", "/servers/"+id, nil)
		assert.Empty(t, other.want(t, 200, "GET", "nova", "/servers", nil).list("servers"))
	}},
	{"old microversions lack what came later", func(t *testing.T, y *novaEnv) {
		out := y.want(t, 200, "GET", "nova", "/servers/"+y.common(t), nil, "OpenStack-API-Version", "")
		server := out.at("server").(obj)
		for _, k := range []string{"locked", "tags", "description", "server_groups"} {
			assert.NotContains(t, server, k)
		}
		assert.Equal(t, y.flavor, out.text("server", "flavor", "id"))
	}},
}
