package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// quotaEnv is a separate project whose quotas are lowered, so that other cases are not affected.
type quotaEnv struct {
	*actor
	admin          *actor
	image, flavor  string
	network, group string
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	if openCloud(t).admin == nil {
		t.Skip("needs an administrator")
	}
	y := newNovaEnv(t, openCloud(t).member)
	member, err := shared.newProject(t, "poor").add("member", "member")
	require.NoError(t, err)
	p := &quotaEnv{actor: member, admin: shared.admin, image: y.image, flavor: y.flavor}
	p.network = p.made(t, "neutron", "/networks", "network", obj{})
	p.made(t, "neutron", "/subnets", "subnet", obj{"network_id": p.network, "ip_version": 4, "cidr": "10.100.0.0/24"})
	p.group = p.made(t, "neutron", groups, "security_group", obj{"name": "poor"})
	each(t, p, quotaCases)
}

// limit sets a quota of the project for the rest of the case.
func (p *quotaEnv) limit(t *testing.T, service, name string, to int) {
	t.Helper()
	path, noun := "/os-quota-sets/"+p.projectID, "quota_set"
	if service == "neutron" {
		path, noun = "/quotas/"+p.projectID, "quota"
	}
	if service == "cinder" { // an administrator addresses Cinder through the own project
		path = "/os-quota-sets/" + p.projectID
	}
	before := p.admin.want(t, 200, "GET", service, path, nil).at(noun, name)
	require.NotNil(t, before, name)
	p.admin.want(t, 200, "PUT", service, path, obj{noun: obj{name: to}})
	t.Cleanup(func() { p.admin.send(withoutEnd(t), "PUT", service, path, obj{noun: obj{name: before}}) })
}

// noServer returns a case that requires Nova to refuse a server for lack of quota.
func noServer(quota, words string) func(*testing.T, *quotaEnv) {
	return func(t *testing.T, p *quotaEnv) {
		p.limit(t, "nova", quota, 0)
		p.refused(t, 403, "forbidden", words, "POST", "nova", "/servers", obj{"server": obj{"name": "x", "imageRef": p.image,
			"flavorRef": p.flavor, "networks": "none"}})
	}
}

// noNetwork returns a case that requires Neutron to refuse a resource for lack of quota.
func noNetwork(quota, path string, body func(*testing.T, *quotaEnv) obj) func(*testing.T, *quotaEnv) {
	return func(t *testing.T, p *quotaEnv) {
		in := body(t, p)
		p.limit(t, "neutron", quota, 0)
		p.refused(t, 409, "OverQuota", "Quota exceeded for resources: ['"+quota+"'].", "POST", "neutron", path, obj{quota: in})
	}
}

func plain(body obj) func(*testing.T, *quotaEnv) obj {
	return func(*testing.T, *quotaEnv) obj { return body }
}

// noVolume expects that Cinder refuses a request for lack of a quota.
func noVolume(t *testing.T, p *quotaEnv, words, path string, body obj) {
	t.Helper()
	out := p.want(t, 413, "POST", "cinder", path, body)
	class, message := out.fault()
	assert.Equal(t, "overLimit", class)
	assert.Contains(t, message, words)
	assert.Equal(t, "0", out.text("overLimit", "retryAfter"))
	assert.Equal(t, "0", out.header.Get("Retry-After"))
}

var quotaCases = []one[*quotaEnv]{
	{"no more servers", noServer("instances", "Quota exceeded for instances: Requested 1, but already used 0 of 0 instances")},
	{"no more cores", noServer("cores", "Quota exceeded for cores: Requested 1, but already used 0 of 0 cores")},
	{"no more memory", noServer("ram", ", but already used 0 of 0 ram")},
	{"no more key pairs", func(t *testing.T, p *quotaEnv) {
		p.limit(t, "nova", "key_pairs", 0)
		p.refused(t, 403, "forbidden", "Quota exceeded, too many key pairs.", "POST", "nova", "/os-keypairs",
			obj{"keypair": obj{"name": "x", "public_key": publicKey}})
	}},
	{"no more server groups", func(t *testing.T, p *quotaEnv) {
		p.limit(t, "nova", "server_groups", 0)
		p.refused(t, 403, "forbidden", "Quota exceeded, too many server groups.", "POST", "nova", "/os-server-groups",
			obj{"server_group": obj{"name": "x", "policy": "affinity"}})
	}},
	{"no more metadata", func(t *testing.T, p *quotaEnv) {
		p.limit(t, "nova", "metadata_items", 1)
		p.refused(t, 403, "forbidden", "Maximum number of metadata items exceeds 1", "POST", "nova", "/servers", obj{"server": obj{"name": "x",
			"imageRef": p.image, "flavorRef": p.flavor, "networks": "none", "metadata": obj{"a": "1", "b": "2"}}})
	}},
	{"a quota is not less than nothing", func(t *testing.T, p *quotaEnv) {
		p.admin.want(t, 400, "PUT", "nova", "/os-quota-sets/"+p.projectID, obj{"quota_set": obj{"instances": -2}})
		p.admin.want(t, 400, "PUT", "nova", "/os-quota-sets/"+p.projectID, obj{"quota_set": obj{"elephants": 2}})
	}},
	{"no more volumes", func(t *testing.T, p *quotaEnv) {
		p.limit(t, "cinder", "volumes", 0)
		noVolume(t, p, "VolumeLimitExceeded: Maximum number of volumes allowed (0) exceeded for quota 'volumes'.", "/volumes",
			obj{"volume": obj{"size": 1}})
	}},
	{"no more gigabytes", func(t *testing.T, p *quotaEnv) {
		volume := p.volumeOf(t, obj{})
		p.limit(t, "cinder", "gigabytes", 1)
		noVolume(t, p, "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 1G, "+
			"quota is 1G and 1G has been consumed.", "/volumes", obj{"volume": obj{"size": 1}})
		noVolume(t, p, "VolumeSizeExceedsAvailableQuota", "/volumes/"+volume+"/action", obj{"os-extend": obj{"new_size": 3}})
	}},
	{"no volume that large", func(t *testing.T, p *quotaEnv) {
		p.limit(t, "cinder", "per_volume_gigabytes", 2)
		noVolume(t, p, "VolumeSizeExceedsLimit: Requested volume size 3G is larger than maximum allowed limit 2G.", "/volumes",
			obj{"volume": obj{"size": 3}})
	}},
	{"no more snapshots", func(t *testing.T, p *quotaEnv) {
		volume := p.volumeOf(t, obj{})
		p.limit(t, "cinder", "snapshots", 0)
		noVolume(t, p, "SnapshotLimitExceeded: Maximum number of snapshots allowed (0) exceeded", "/snapshots",
			obj{"snapshot": obj{"volume_id": volume}})
	}},
	{"no more networks", noNetwork("network", "/networks", plain(obj{}))},
	{"no more routers", noNetwork("router", "/routers", plain(obj{}))},
	{"no more security groups", noNetwork("security_group", groups, plain(obj{"name": "x"}))},
	{"no more subnets", noNetwork("subnet", "/subnets", func(_ *testing.T, p *quotaEnv) obj {
		return obj{"network_id": p.network, "ip_version": 4, "cidr": "10.97.0.0/24"}
	})},
	{"no more ports", noNetwork("port", "/ports", func(_ *testing.T, p *quotaEnv) obj { return obj{"network_id": p.network} })},
	{"no more rules", noNetwork("security_group_rule", rules, func(_ *testing.T, p *quotaEnv) obj {
		return obj{"security_group_id": p.group, "direction": "ingress", "protocol": "icmp"}
	})},
	{"no more floating IPs", noNetwork("floatingip", "/floatingips", func(t *testing.T, p *quotaEnv) obj {
		return obj{"floating_network_id": p.external(t)}
	})},
	{"a stack meets the quota of Nova", func(t *testing.T, p *quotaEnv) {
		p.limit(t, "nova", "instances", 0)
		_, got := p.newStack(t, "nova-quota", "CREATE_FAILED", obj{"disable_rollback": true, "template": version + "parameters: {image: {type: string}, " +
			"flavor: {type: string}, network: {type: string}}\nresources: {server: {type: OS::Nova::Server, properties: {image: {get_param: image}, " +
			"flavor: {get_param: flavor}, networks: [{network: {get_param: network}}]}}}",
			"parameters": obj{"image": p.image, "flavor": p.flavor, "network": p.network}})
		assert.Contains(t, got.text("stack", "stack_status_reason"), "Resource CREATE failed: Forbidden: resources.server: Quota exceeded for "+
			"instances: Requested 1, but already used 0 of 0 instances (HTTP 403) (Request-ID: req-")
	}},
	{"a stack meets the quota of Neutron", func(t *testing.T, p *quotaEnv) {
		p.limit(t, "neutron", "router", 0)
		_, got := p.newStack(t, "neutron-quota", "CREATE_FAILED", obj{"disable_rollback": true, "template": version + "resources: {r: {type: OS::Neutron::Router}}"})
		assert.Contains(t, got.text("stack", "stack_status_reason"), "Resource CREATE failed: OverQuotaClient: resources.r: Quota exceeded for "+
			"resources: ['router'].")
	}},
	{"a stack meets the quota of Cinder", func(t *testing.T, p *quotaEnv) {
		p.limit(t, "cinder", "volumes", 0)
		_, got := p.newStack(t, "cinder-quota", "CREATE_FAILED", obj{"disable_rollback": true, "template": version +
			"resources: {v: {type: OS::Cinder::Volume, properties: {size: 1}}}"})
		assert.Contains(t, got.text("stack", "stack_status_reason"), "Resource CREATE failed: OverLimit: resources.v: VolumeLimitExceeded: "+
			"Maximum number of volumes allowed (0) exceeded for quota 'volumes'. (HTTP 413)")
	}},
}
