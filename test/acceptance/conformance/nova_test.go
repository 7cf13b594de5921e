package conformance

import (
	"maps"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// novaEnv is the environment of Nova's cases: images, flavors, a network, and a shared server that the cases
// only read.
type novaEnv struct {
	*actor
	t               *testing.T
	image, other    string // images for boot and rebuild
	flavor, bigger  string
	network, subnet string
	start           sync.Once
	server          string
}

func TestNova(t *testing.T) {
	t.Parallel()
	y := newNovaEnv(t, openCloud(t).member)
	each(t, y.actor, novaCases)
	each(t, y.actor, keyPairCases)
	each(t, y, serverCases)
	each(t, y, deviceCases)
}

// newNovaEnv selects the smallest image and the flavors that fit it, and creates a network.
func newNovaEnv(t *testing.T, a *actor) *novaEnv {
	t.Helper()
	y := &novaEnv{actor: a, t: t}
	images := a.want(t, 200, "GET", "glance", "/images?status=active&visibility=public&sort_key=size&sort_dir=asc&limit=2", nil).list("images")
	require.Len(t, images, 2, "two public images are needed")
	y.image, y.other = str(images[0], "id"), str(images[1], "id")
	var disk, ram float64
	for _, i := range images {
		disk, ram = max(disk, i["min_disk"].(float64)), max(ram, i["min_ram"].(float64))
	}
	for _, f := range a.want(t, 200, "GET", "nova", "/flavors/detail?sort_key=memory_mb", nil).list("flavors") {
		switch {
		case f["disk"].(float64) < max(disk, 1) || f["ram"].(float64) < ram:
		case y.flavor == "":
			y.flavor = str(f, "id")
		case y.bigger == "":
			y.bigger = str(f, "id")
		}
	}
	require.NotEmpty(t, y.bigger, "two flavors that take the images are needed")
	y.network = a.made(t, "neutron", "/networks", "network", obj{"name": shared.mark + "-yard"})
	y.subnet = a.want(t, 201, "POST", "neutron", "/subnets", obj{"subnet": obj{"network_id": y.network, "ip_version": 4,
		"cidr": "10.91.0.0/24"}}).text("subnet", "id")
	return y
}

func (y *novaEnv) body(name string) obj {
	return obj{"name": shared.mark + "-" + name, "flavorRef": y.flavor, "imageRef": y.image, "networks": []obj{{"uuid": y.network}}}
}

// boot creates an active server and deletes it when the case ends.
func (y *novaEnv) boot(t *testing.T, more obj) string {
	t.Helper()
	body := y.body(random(3))
	maps.Copy(body, more)
	id := y.made(t, "nova", "/servers", "server", body)
	y.await(t, id, "ACTIVE")
	return id
}

// common returns the server that many cases share. They leave it unchanged.
func (y *novaEnv) common(t *testing.T) string {
	t.Helper()
	y.start.Do(func() { y.server = y.boot(y.t, nil) })
	require.NotEmpty(t, y.server)
	return y.server
}

// await waits for a status without a task in progress.
func (y *novaEnv) await(t *testing.T, id, status string) response {
	t.Helper()
	var out response
	until(t, "server "+id+" to be "+status, func() bool {
		out = y.want(t, 200, "GET", "nova", "/servers/"+id, nil)
		require.False(t, out.text("server", "status") == "ERROR" && status != "ERROR", "%s", out.raw)
		return out.text("server", "status") == status && out.at("server", "OS-EXT-STS:task_state") == nil
	})
	return out
}

func (y *novaEnv) act(t *testing.T, id string, action obj) response {
	t.Helper()
	return y.want(t, 202, "POST", "nova", "/servers/"+id+"/action", action)
}

var novaCases = []one[*actor]{
	{"without a token nothing is said", func(t *testing.T, a *actor) {
		a.refused(t, 401, "Unauthorized", needsSignIn, "GET", "nova", "/servers", nil, "X-Auth-Token", "")
	}},
	{"without a microversion it is the lowest", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "nova", "/servers", nil, "OpenStack-API-Version", "")
		assert.Equal(t, "compute 2.1", out.header.Get("OpenStack-API-Version"))
		assert.Equal(t, "2.1", out.header.Get("X-OpenStack-Nova-API-Version"))
		assert.Contains(t, out.header.Get("Vary"), "OpenStack-API-Version")
	}},
	{"the microversion asked for is spoken", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "nova", "/servers", nil, "OpenStack-API-Version", "compute 2.42")
		assert.Equal(t, "compute 2.42", out.header.Get("OpenStack-API-Version"))
	}},
	{"the old header of microversions is understood", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "nova", "/servers", nil, "OpenStack-API-Version", "", "X-OpenStack-Nova-API-Version", "2.12")
		assert.Equal(t, "compute 2.12", out.header.Get("OpenStack-API-Version"))
	}},
	{"the latest microversion is a number", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "nova", "/servers", nil, "OpenStack-API-Version", "compute latest")
		assert.Regexp(t, `^compute 2\.\d+$`, out.header.Get("OpenStack-API-Version"))
	}},
	{"a microversion that is too new is refused", func(t *testing.T, a *actor) {
		a.refused(t, 406, "computeFault", "Version 2.999 is not supported by the API. Minimum is 2.1 and maximum is 2.", "GET", "nova",
			"/servers", nil, "OpenStack-API-Version", "compute 2.999")
	}},
	{"a microversion that is none is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "badRequest", "API Version String two is of invalid format.", "GET", "nova", "/servers", nil,
			"OpenStack-API-Version", "compute two")
	}},
	{"flavors say what they give", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "nova", "/flavors/detail", nil)
		has(t, out.at("flavors", 0), "id", "name", "vcpus", "ram", "disk", "swap", "rxtx_factor", "OS-FLV-EXT-DATA:ephemeral",
			"os-flavor-access:is_public", "OS-FLV-DISABLED:disabled", "extra_specs", "description", "links")
	}},
	{"a flavor by its id", func(t *testing.T, a *actor) {
		first := a.want(t, 200, "GET", "nova", "/flavors", nil).list("flavors")[0]
		out := a.want(t, 200, "GET", "nova", "/flavors/"+str(first, "id"), nil)
		assert.Equal(t, first["name"], out.at("flavor", "name"))
	}},
	{"flavors come in pages", func(t *testing.T, a *actor) {
		all := names(a.want(t, 200, "GET", "nova", "/flavors", nil).list("flavors"), "id")
		page := a.want(t, 200, "GET", "nova", "/flavors?limit=1", nil)
		assert.Equal(t, all[:1], names(page.list("flavors"), "id"))
		assert.Equal(t, "next", page.text("flavors_links", 0, "rel"))
		assert.Contains(t, page.text("flavors_links", 0, "href"), "marker="+all[0])
		next := a.want(t, 200, "GET", "nova", "/flavors?limit=1&marker="+all[0], nil)
		assert.Equal(t, all[1:2], names(next.list("flavors"), "id"))
	}},
	{"flavors are found by what they give at least", func(t *testing.T, a *actor) {
		for _, f := range a.want(t, 200, "GET", "nova", "/flavors/detail?minRam=1024", nil).list("flavors") {
			assert.GreaterOrEqual(t, f["ram"].(float64), 1024.0)
		}
	}},
	{"an unknown flavor is not found", func(t *testing.T, a *actor) {
		a.refused(t, 404, "itemNotFound", "Flavor no-such-flavor could not be found.", "GET", "nova", "/flavors/no-such-flavor", nil)
	}},
	{"only an administrator makes flavors", func(t *testing.T, a *actor) {
		a.refused(t, 403, "forbidden", "Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed.", "POST", "nova",
			"/flavors", obj{"flavor": obj{"name": "x", "vcpus": 1, "ram": 64, "disk": 1}})
	}},
	{"the life of a flavor", func(t *testing.T, _ *actor) {
		admin, name := administrator(t), shared.mark+"-flavor"
		out := admin.make(t, "nova", "/flavors", "flavor", obj{"name": name, "vcpus": 1, "ram": 64, "disk": 1})
		assert.Equal(t, true, out.at("flavor", "os-flavor-access:is_public"))
		admin.refused(t, 409, "conflictingRequest", "Flavor with name "+name+" already exists.", "POST", "nova", "/flavors",
			obj{"flavor": obj{"name": name, "vcpus": 1, "ram": 64, "disk": 1}})
		admin.want(t, 202, "DELETE", "nova", "/flavors/"+out.text("flavor", "id"), nil)
		admin.want(t, 404, "GET", "nova", "/flavors/"+out.text("flavor", "id"), nil)
	}},
	{"an unknown marker of servers is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "badRequest", "marker ["+nobody+"] not found", "GET", "nova", "/servers?marker="+nobody, nil)
	}},
	{"a limit that is no number is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "badRequest", "Invalid input for query parameters limit. Value: many.", "GET", "nova", "/servers?limit=many", nil)
	}},
	{"an unknown server is not found", func(t *testing.T, a *actor) {
		a.refused(t, 404, "itemNotFound", "Instance "+nobody+" could not be found.", "GET", "nova", "/servers/"+nobody, nil)
		a.refused(t, 404, "itemNotFound", "Instance "+nobody+" could not be found.", "DELETE", "nova", "/servers/"+nobody, nil)
	}},
	{"availability zones are up", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "nova", "/os-availability-zone", nil)
		assert.Equal(t, true, out.at("availabilityZoneInfo", 0, "zoneState", "available"))
	}},
	{"limits say what is used", func(t *testing.T, a *actor) {
		has(t, a.want(t, 200, "GET", "nova", "/limits", nil).at("limits", "absolute"), "maxTotalInstances", "totalInstancesUsed",
			"maxTotalCores", "totalCoresUsed", "maxTotalRAMSize", "totalRAMUsed", "maxTotalKeypairs", "maxServerMeta", "maxServerGroups")
	}},
	{"quotas with what is used", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "nova", "/os-quota-sets/"+a.projectID+"/detail", nil)
		has(t, out.at("quota_set", "instances"), "limit", "in_use", "reserved")
		assert.Equal(t, a.projectID, out.text("quota_set", "id"))
	}},
	{"a member changes no quota", func(t *testing.T, a *actor) {
		a.refused(t, 403, "forbidden", "Policy doesn't allow os_compute_api:os-quota-sets:update to be performed.", "PUT", "nova",
			"/os-quota-sets/"+a.projectID, obj{"quota_set": obj{"instances": 1000}})
	}},
	{"the life of a server group", func(t *testing.T, a *actor) {
		out := a.make(t, "nova", "/os-server-groups", "server_group", obj{"name": shared.mark + "-group", "policy": "soft-anti-affinity"})
		has(t, out.at("server_group"), "id", "name", "policy", "rules", "members", "project_id", "user_id")
		path := "/os-server-groups/" + out.text("server_group", "id")
		assert.Equal(t, "soft-anti-affinity", a.want(t, 200, "GET", "nova", path, nil).text("server_group", "policy"))
		list := a.want(t, 200, "GET", "nova", "/os-server-groups", nil).list("server_groups")
		assert.Contains(t, names(list, "id"), out.text("server_group", "id"))
		a.want(t, 204, "DELETE", "nova", path, nil)
		a.refused(t, 404, "itemNotFound", "Instance group "+out.text("server_group", "id")+" could not be found.", "GET", "nova", path, nil)
	}},
	{"an unknown policy of a server group is malformed", func(t *testing.T, a *actor) {
		a.want(t, 400, "POST", "nova", "/os-server-groups", obj{"server_group": obj{"name": "x", "policy": "near-the-window"}})
	}},
}

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBfGsZPfpc9Gd4Hbkd3Kx8Yq5a4ROKHLpHvKUwD8m0pQ conformance"

// keyPair creates a key pair, which is identified by its name.
func (a *actor) keyPair(t *testing.T, body obj, headers ...string) response {
	t.Helper()
	out := a.ask(t, "POST", "nova", "/os-keypairs", obj{"keypair": body}, headers...)
	a.later(t, "nova", "/os-keypairs/"+url.PathEscape(str(body, "name")))
	return out
}

var keyPairCases = []one[*actor]{
	{"a public key is taken", func(t *testing.T, a *actor) {
		name := shared.mark + "-key"
		out := a.keyPair(t, obj{"name": name, "public_key": publicKey})
		assert.Equal(t, 201, out.status, "%s", out.raw)
		assert.Equal(t, "ssh", out.text("keypair", "type"))
		assert.Nil(t, out.at("keypair", "private_key"))
		got := a.want(t, 200, "GET", "nova", "/os-keypairs/"+name, nil)
		assert.Equal(t, publicKey, got.text("keypair", "public_key"))
		assert.Equal(t, out.text("keypair", "fingerprint"), got.text("keypair", "fingerprint"))
		list := a.want(t, 200, "GET", "nova", "/os-keypairs", nil)
		found := false
		for _, k := range list.list("keypairs") {
			found = found || k["keypair"].(obj)["name"] == name
		}
		assert.True(t, found)
		a.want(t, 204, "DELETE", "nova", "/os-keypairs/"+name, nil)
	}},
	{"a key is made where none is given", func(t *testing.T, a *actor) {
		out := a.keyPair(t, obj{"name": shared.mark + "-made"})
		assert.Contains(t, out.text("keypair", "private_key"), "PRIVATE KEY")
		assert.True(t, strings.HasPrefix(out.text("keypair", "public_key"), "ssh-"), "%s", out.raw)
	}},
	{"the lowest microversion answers 200 and 202", func(t *testing.T, a *actor) {
		name := shared.mark + "-old"
		out := a.keyPair(t, obj{"name": name, "public_key": publicKey}, "OpenStack-API-Version", "")
		assert.Equal(t, 200, out.status)
		a.want(t, 202, "DELETE", "nova", "/os-keypairs/"+name, nil, "OpenStack-API-Version", "")
	}},
	{"a name of a key is used once", func(t *testing.T, a *actor) {
		name := shared.mark + "-twice"
		a.keyPair(t, obj{"name": name, "public_key": publicKey})
		a.refused(t, 409, "conflictingRequest", "Key pair '"+name+"' already exists.", "POST", "nova", "/os-keypairs",
			obj{"keypair": obj{"name": name, "public_key": publicKey}})
	}},
	{"what is no key is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "badRequest", "Keypair data is invalid: failed to generate fingerprint", "POST", "nova", "/os-keypairs",
			obj{"keypair": obj{"name": "x", "public_key": "not a key"}})
	}},
	{"a key without a name is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "badRequest", "'name' is a required property", "POST", "nova", "/os-keypairs", obj{"keypair": obj{}})
	}},
	{"an unknown key is not found", func(t *testing.T, a *actor) {
		a.refused(t, 404, "itemNotFound", "Keypair no-such-key not found for user "+a.userID, "GET", "nova", "/os-keypairs/no-such-key", nil)
		a.refused(t, 404, "itemNotFound", "Keypair no-such-key not found for user "+a.userID, "DELETE", "nova", "/os-keypairs/no-such-key", nil)
	}},
	{"keys come in pages", func(t *testing.T, a *actor) {
		for _, n := range []string{"1", "2"} {
			a.keyPair(t, obj{"name": shared.mark + "-page-" + n, "public_key": publicKey})
		}
		out := a.want(t, 200, "GET", "nova", "/os-keypairs?limit=1&marker="+shared.mark+"-page-1", nil)
		assert.Equal(t, shared.mark+"-page-2", out.text("keypairs", 0, "keypair", "name"))
	}},
}
