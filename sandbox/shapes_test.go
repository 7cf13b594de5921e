package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mycloudmanager/sandbox/sandboxtest"
)

// lacks returns the keys of a real response that are missing from the sandbox's. A real null matches any type,
// and a real empty list any elements.
func lacks(real, ours any, at string) []string {
	switch r := real.(type) {
	case map[string]any:
		o, ok := ours.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %T", at, ours)}
		}
		var out []string
		for k, v := range r {
			if _, ok := o[k]; !ok {
				out = append(out, at+"."+k)
				continue
			}
			out = append(out, lacks(v, o[k], at+"."+k)...)
		}
		return out
	case []any:
		o, ok := ours.([]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %T", at, ours)}
		}
		if len(r) > 0 && len(o) > 0 {
			return lacks(r[0], o[0], at+"[]")
		}
	}
	return nil
}

// notOurs are keys of real responses that contain project-specific names or belong to features that the sandbox
// intentionally omits.
var notOurs = []string{".addresses.", ".metadata.", ".binding:", ".provider:", ".parameters.", ".image_metadata", ".volume_image_metadata",
	".trusted_image_certificates", "admin", "l2_adjacency", "qos_policy_id", "consumes_quota", "_links", "standard_attr_id", "___DEFAULT__"}

func (a *asker) like(name, method, path, body string) {
	a.t.Helper()
	service, _, _ := strings.Cut(name, "/")
	want, got := recorded(a.t, name), a.ask(service, method, path, body)
	assert.Equal(a.t, want.Status, got.Status, "%s: %v", name, got.Body)
	var missing []string
	for _, m := range lacks(want.Body, got.Body, "") {
		known := false
		for _, n := range notOurs {
			known = known || strings.Contains(m, n)
		}
		if !known {
			missing = append(missing, m)
		}
	}
	assert.Empty(a.t, missing, name)
}

func TestResponses_have_recorded_keys(t *testing.T) {
	c := sandboxtest.Start(t)
	demo := newAsker(t, c, "demo")
	web := c.Find(t, "nova", "servers", "web-1").ID
	net, public := c.Find(t, "neutron", "networks", "demo-net").ID, c.Find(t, "neutron", "networks", "public").ID

	demo.like("nova/server", "GET", "/servers/"+web, "")
	demo.like("nova/servers", "GET", "/servers/detail?limit=2", "")
	demo.like("nova/flavors", "GET", "/flavors/detail", "")
	demo.like("nova/limits", "GET", "/limits", "")
	demo.like("nova/quotas", "GET", "/os-quota-sets/"+demo.project+"/detail", "")
	demo.like("nova/quotas_default", "GET", "/os-quota-sets/"+demo.project+"/defaults", "")
	demo.like("nova/interfaces", "GET", "/servers/"+web+"/os-interface", "")
	demo.like("nova/key_pair_create", "POST", "/os-keypairs", `{"keypair":{"name":"k","public_key":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIZ9gJL8yJrL4LSZ7E8WWQ8BRTHDdq3oHBQm5nN5dvF5"}}`)
	demo.like("nova/key_pairs", "GET", "/os-keypairs", "")
	demo.like("nova/console", "POST", "/servers/"+web+"/action", `{"os-getConsoleOutput":{}}`)
	demo.like("nova/metadata_update", "POST", "/servers/"+web+"/metadata", `{"metadata":{"a":"b"}}`)
	demo.like("nova/server_group_create", "POST", "/os-server-groups", `{"server_group":{"name":"g","policy":"affinity"}}`)
	demo.like("nova/server_create", "POST", "/servers", `{"server":{"name":"x","flavorRef":"1","imageRef":"`+c.State(t)["glance"]["images"][0].ID+`"}}`)

	volume := demo.do("cinder", "POST", "/volumes", `{"volume":{"size":1,"name":"v"}}`)
	demo.like("cinder/volume_create", "POST", "/volumes", `{"volume":{"size":1}}`)
	time.Sleep(30 * time.Millisecond)
	demo.like("cinder/volume", "GET", "/volumes/"+volume, "")
	demo.like("cinder/snapshot_create", "POST", "/snapshots", `{"snapshot":{"volume_id":"`+volume+`"}}`)
	demo.like("nova/volume_attach", "POST", "/servers/"+web+"/os-volume_attachments", `{"volumeAttachment":{"volumeId":"`+volume+`"}}`)
	time.Sleep(30 * time.Millisecond)
	demo.like("cinder/volume_in_use", "GET", "/volumes/"+volume, "")
	demo.like("nova/volume_attachments", "GET", "/servers/"+web+"/os-volume_attachments", "")
	demo.like("cinder/volumes", "GET", "/volumes/detail?limit=2", "")
	demo.like("cinder/limits", "GET", "/limits", "")
	demo.like("cinder/quotas", "GET", "/os-quota-sets/"+demo.project+"?usage=True", "")
	demo.like("cinder/types", "GET", "/types", "")

	demo.like("neutron/external_networks", "GET", "/networks?router:external=true", "")
	demo.like("neutron/network_create", "POST", "/networks", `{"network":{}}`)
	demo.like("neutron/port_create", "POST", "/ports", `{"port":{"network_id":"`+net+`"}}`)
	demo.like("neutron/ports", "GET", "/ports?limit=1", "")
	demo.like("neutron/subnets", "GET", "/subnets?network_id="+net, "")
	demo.like("neutron/router_create", "POST", "/routers", `{"router":{"external_gateway_info":{"network_id":"`+public+`"}}}`)
	demo.like("neutron/routers", "GET", "/routers", "")
	demo.like("neutron/floating_ip_create", "POST", "/floatingips", `{"floatingip":{"floating_network_id":"`+public+`"}}`)
	demo.like("neutron/security_groups", "GET", "/security-groups", "")
	demo.like("neutron/quotas", "GET", "/quotas/"+demo.project+"/details.json", "")

	demo.like("glance/images", "GET", "/images?limit=1", "")
	demo.like("glance/image_create", "POST", "/images", `{"name":"i","disk_format":"raw","container_format":"bare"}`)
	demo.like("keystone/auth_projects", "GET", "/auth/projects", "")
	demo.like("keystone/token_password", "POST", "/auth/tokens", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","password":"demo","domain":{"name":"Default"}}}}}}`)
	demo.like("keystone/application_credential_create", "POST", "/users/"+c.Find(t, "keystone", "users", "demo").ID+"/application_credentials", `{"application_credential":{"name":"a"}}`)
}

func TestResponses_of_heat_have_recorded_keys(t *testing.T) {
	c := sandboxtest.Start(t)
	demo := newAsker(t, c, "demo")
	body := `{"stack_name":"rec-stack","timeout_mins":10,"tags":"mcm","template":"heat_template_version: 2018-08-31\nparameters: {cidr: {type: string, default: 10.80.0.0/24}}\nresources:\n  network: {type: OS::Neutron::Net}\n` +
		`  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: network}, cidr: {get_param: cidr}}}\noutputs: {network_id: {value: {get_resource: network}}}\n"}`
	id := demo.do("heat", "POST", "/stacks", body)
	path := "/stacks/rec-stack/" + id
	demo.like("heat/stack_in_progress", "GET", path, "")
	require.Eventually(t, func() bool {
		s, _ := demo.ask("heat", "GET", path, "").Body.(map[string]any)["stack"].(map[string]any)
		return s["stack_status"] == "CREATE_COMPLETE"
	}, 30*time.Second, 5*time.Millisecond)
	demo.like("heat/stack", "GET", path, "")
	demo.do("heat", "POST", "/stacks", `{"stack_name":"rec-other","tags":"mcm","template":{"heat_template_version":"2018-08-31"}}`)
	demo.like("heat/stacks", "GET", "/stacks?limit=1", "")
	demo.like("heat/stacks_by_tag", "GET", "/stacks?tags=mcm", "")
	demo.like("heat/resources", "GET", path+"/resources?nested_depth=2", "")
	demo.like("heat/resource", "GET", path+"/resources/network", "")
	demo.like("heat/events", "GET", path+"/events?limit=2&sort_dir=asc", "")
	demo.like("heat/template_validate", "POST", "/validate", body)
	require.Equal(t, 302, demo.ask("heat", "GET", "/stacks/rec-stack", "").Status)
	demo.like("heat/stack_update", "PUT", path, body)
	demo.like("heat/stack_delete", "DELETE", path, "")
}
