package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mycloudmanager/sandbox/sandboxtest"
)

// recording is a recorded response of a real service.
type recording struct {
	Status int `json:"status"`
	Body   any `json:"body"`
}

func recorded(t *testing.T, name string) recording {
	t.Helper()
	raw, err := os.ReadFile("../internal/openstack/testdata/recorded/" + name + ".json")
	require.NoError(t, err)
	var r recording
	require.NoError(t, json.Unmarshal(raw, &r))
	return r
}

var bases = map[string]string{"keystone": "/identity/v3", "nova": "/compute/v2.1", "neutron": "/network/v2.0",
	"glance": "/image/v2", "cinder": "/volume/v3/P", "heat": "/orchestration/v1/P", "swift": "/object-store/v1/AUTH_P"}

// asker calls the sandbox as a user, without a client library.
type asker struct {
	t              *testing.T
	cloud          *sandboxtest.Cloud
	token, project string
	client         *http.Client
}

func newAsker(t *testing.T, c *sandboxtest.Cloud, user string) *asker {
	t.Helper()
	return &asker{t, c, c.Client(t, user).Token(), c.Project(t, "demo"), &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

func (a *asker) ask(service, method, path, body string) recording {
	a.t.Helper()
	base := strings.TrimSuffix(bases[service], "P")
	if base != bases[service] {
		base += a.project
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.cloud.URL+base+path, strings.NewReader(body))
	require.NoError(a.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Openstack-Api-Version", "compute 2.79")
	req.Header.Set("X-Auth-Token", a.token)
	if method == http.MethodGet && strings.HasSuffix(path, "/auth/tokens") {
		req.Header.Set("X-Subject-Token", "nobody's")
	}
	resp, err := a.client.Do(req)
	require.NoError(a.t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(a.t, err)
	out := recording{Status: resp.StatusCode, Body: string(raw)}
	var parsed any
	if json.Unmarshal(raw, &parsed) == nil {
		out.Body = parsed
	}
	return out
}

// do sends a request and returns the id of the created resource.
func (a *asker) do(service, method, path, body string) string {
	a.t.Helper()
	r := a.ask(service, method, path, body)
	require.Less(a.t, r.Status, 400, "%s %s %s: %v", service, method, path, r.Body)
	top, _ := r.Body.(map[string]any)
	for _, v := range top {
		if o, ok := v.(map[string]any); ok {
			id, _ := o["id"].(string)
			return id
		}
	}
	return ""
}

var variable = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|"(?:rec|x)[a-z-]*"|'(?:rec|x)[a-z-]*'|\((?:rec|x)[a-z-]*\)|\d+`)

// shape reduces a body to its structure, without values that differ every time.
func shape(body any) string {
	raw, err := json.Marshal(body)
	if err != nil {
		return err.Error()
	}
	return variable.ReplaceAllString(string(raw), "*")
}

func (a *asker) same(name, method, path, body string) {
	a.t.Helper()
	service, _, _ := strings.Cut(name, "/")
	want, got := recorded(a.t, name), a.ask(service, method, path, body)
	assert.Equal(a.t, want.Status, got.Status, "%s: %v", name, got.Body)
	if service == "swift" { // the recordings keep HTML pages as text
		assert.Equal(a.t, want.Body, got.Body, name)
		return
	}
	assert.Equal(a.t, shape(want.Body), shape(got.Body), name)
}

const nobody = "11111111-1111-4111-8111-111111111111"

func TestRecordedFaults(t *testing.T) {
	c := sandboxtest.Start(t)
	demo := newAsker(t, c, "demo")
	server := ""
	for _, s := range c.State(t)["nova"]["servers"] {
		if s.Name == "web-1" {
			server = s.ID
		}
	}
	boot := `{"server":{"name":"x","flavorRef":"1","imageRef":"` + c.State(t)["glance"]["images"][0].ID + `"}}`
	demo.same("nova/not_found", "GET", "/servers/"+nobody, "")
	demo.same("nova/conflict", "POST", "/servers/"+server+"/action", `{"os-start":null}`)
	demo.same("nova/bad_request_flavor", "POST", "/servers", strings.Replace(boot, `"1"`, `"no-such-flavor"`, 1))
	demo.same("nova/forbidden", "POST", "/flavors", `{"flavor":{}}`)
	demo.same("nova/servers_bad_marker", "GET", "/servers?marker="+nobody, "")
	demo.do("nova", "POST", "/os-keypairs", `{"keypair":{"name":"rec-key"}}`)
	demo.same("nova/key_pair_exists", "POST", "/os-keypairs", `{"keypair":{"name":"rec-key"}}`)
	demo.same("nova/volume_attach_unknown", "POST", "/servers/"+server+"/os-volume_attachments", `{"volumeAttachment":{"volumeId":"`+nobody+`"}}`)
	demo.same("nova/volume_detach_unknown", "DELETE", "/servers/"+server+"/os-volume_attachments/"+nobody, "")
	for _, q := range []string{"ram", "cores", "instances"} {
		c.Control(t, "POST", "/quotas", `{"service":"nova","`+q+`":0}`)
		demo.same("nova/quota_"+q, "POST", "/servers", boot)
	}
	c.Control(t, "POST", "/quotas", `{"server_groups":0}`)
	demo.same("nova/quota_server_groups", "POST", "/os-server-groups", `{"server_group":{"name":"x","policy":"affinity"}}`)

	volume := demo.do("cinder", "POST", "/volumes", `{"volume":{"size":1}}`)
	time.Sleep(30 * time.Millisecond)
	demo.do("nova", "POST", "/servers/"+server+"/os-volume_attachments", `{"volumeAttachment":{"volumeId":"`+volume+`"}}`)
	time.Sleep(30 * time.Millisecond)
	demo.same("nova/volume_attach_in_use", "POST", "/servers/"+server+"/os-volume_attachments", `{"volumeAttachment":{"volumeId":"`+volume+`"}}`)
	demo.same("cinder/delete_in_use", "DELETE", "/volumes/"+volume, "")
	demo.same("cinder/extend_to_less", "POST", "/volumes/"+volume+"/action", `{"os-extend":{"new_size":1}}`)
	demo.same("cinder/not_found", "GET", "/volumes/"+nobody, "")
	demo.same("cinder/bad_request_type", "POST", "/volumes", `{"volume":{"size":1,"volume_type":"no-such-type"}}`)
	c.Control(t, "POST", "/quotas", `{"gigabytes":1}`)
	demo.same("cinder/quota_gigabytes", "POST", "/volumes", `{"volume":{"size":1}}`)
	demo.same("cinder/quota_extend", "POST", "/volumes/"+volume+"/action", `{"os-extend":{"new_size":4}}`)
	c.Control(t, "POST", "/quotas", `{"gigabytes":100,"volumes":1}`)
	demo.same("cinder/quota_volumes", "POST", "/volumes", `{"volume":{"size":1}}`)

	stop := demo.ask("nova", "POST", "/servers/"+server+"/action", `{"os-stop":null}`)
	require.Equal(t, 202, stop.Status)
	time.Sleep(30 * time.Millisecond)
	demo.same("nova/conflict_stopped", "POST", "/servers/"+server+"/action", `{"os-stop":null}`)
}

func TestRecordedFaults_network(t *testing.T) {
	c := sandboxtest.Start(t)
	demo := newAsker(t, c, "demo")
	net := demo.do("neutron", "POST", "/networks", `{"network":{"name":"x"}}`)
	subnet := demo.do("neutron", "POST", "/subnets", `{"subnet":{"network_id":"`+net+`","cidr":"10.77.0.0/24"}}`)
	router := demo.do("neutron", "POST", "/routers", `{"router":{}}`)
	demo.do("neutron", "PUT", "/routers/"+router+"/add_router_interface", `{"subnet_id":"`+subnet+`"}`)
	group := demo.do("neutron", "POST", "/security-groups", `{"security_group":{"name":"x"}}`)
	port := `{"port":{"network_id":"` + net + `","security_groups":["` + group + `"],"fixed_ips":[{"subnet_id":"` + subnet + `","ip_address":"10.77.0.20"}]}}`
	rule := `{"security_group_rule":{"security_group_id":"` + group + `","protocol":"tcp","port_range_min":22,"port_range_max":22}}`
	demo.do("neutron", "POST", "/ports", port)
	demo.do("neutron", "POST", "/security-group-rules", rule)

	demo.same("neutron/not_found", "GET", "/networks/"+nobody, "")
	demo.same("neutron/bad_request", "POST", "/subnets", `{"subnet":{"network_id":"`+net+`","cidr":"10.0.0.0/99"}}`)
	demo.same("neutron/subnet_overlap", "POST", "/subnets", `{"subnet":{"network_id":"`+net+`","cidr":"10.77.0.0/24"}}`)
	demo.same("neutron/ip_address_in_use", "POST", "/ports", port)
	demo.same("neutron/router_interface_exists", "PUT", "/routers/"+router+"/add_router_interface", `{"subnet_id":"`+subnet+`"}`)
	demo.same("neutron/router_in_use", "DELETE", "/routers/"+router, "")
	demo.same("neutron/subnet_in_use", "DELETE", "/subnets/"+subnet, "")
	demo.same("neutron/security_group_in_use", "DELETE", "/security-groups/"+group, "")
	demo.same("neutron/security_group_rule_exists", "POST", "/security-group-rules", rule)
	public := c.Find(t, "neutron", "networks", "public").ID
	for key, body := range map[string]string{"network": `{}`, "router": `{}`, "port": `{"network_id":"` + net + `"}`,
		"subnet": `{"network_id":"` + net + `","cidr":"10.78.0.0/24"}`, "floatingip": `{"floating_network_id":"` + public + `"}`,
		"security_group": `{"name":"y"}`, "security_group_rule": `{"security_group_id":"` + group + `"}`} {
		c.Control(t, "POST", "/quotas", `{"service":"neutron","`+key+`":0}`)
		demo.same("neutron/quota_"+key, "POST", "/"+strings.ReplaceAll(key, "_", "-")+"s", fmt.Sprintf(`{"%s":%s}`, key, body))
	}
}

func TestRecordedFaults_other(t *testing.T) {
	c := sandboxtest.Start(t)
	demo, viewer := newAsker(t, c, "demo"), newAsker(t, c, "viewer")
	demo.same("glance/not_found", "GET", "/images/"+nobody, "")
	demo.same("glance/forbidden", "DELETE", "/images/"+c.State(t)["glance"]["images"][0].ID, "")

	demo.same("keystone/forbidden", "POST", "/users", `{"user":{"name":"x"}}`)
	demo.same("keystone/token_validate_not_found", "GET", "/auth/tokens", "")
	for name, how := range map[string]string{"bad_password": `"name":"demo"`, "unknown_user": `"name":"nobody"`} {
		demo.same("keystone/"+name, "POST", "/auth/tokens",
			`{"auth":{"identity":{"methods":["password"],"password":{"user":{`+how+`,"password":"wrong","domain":{"name":"Default"}}}}}}`)
	}
	credentials := "/users/" + c.Find(t, "keystone", "users", "demo").ID + "/application_credentials"
	demo.do("keystone", "POST", credentials, `{"application_credential":{"name":"rec-credential","secret":"s"}}`)
	demo.same("keystone/conflict", "POST", credentials, `{"application_credential":{"name":"rec-credential"}}`)
	demo.same("keystone/not_found", "GET", credentials+"/00000000000000000000000000000000", "")

	stack := `{"stack_name":"rec-stack","template":{"heat_template_version":"2018-08-31"}}`
	demo.do("heat", "POST", "/stacks", stack)
	demo.same("heat/conflict", "POST", "/stacks", stack)
	demo.same("heat/not_found", "GET", "/stacks/no-such-stack", "")
	demo.same("heat/bad_request", "POST", "/stacks", `{"stack_name":"rec"}`)
	demo.same("heat/stack_name_invalid", "POST", "/stacks", `{"stack_name":"9 rec","template":{"heat_template_version":"2018-08-31"}}`)
	for _, name := range []string{"type", "property", "flavor", "reference", "parameter_missing"} {
		raw, err := os.ReadFile("../internal/openstack/testdata/recorded/heat/validation_" + name + ".json")
		require.NoError(t, err)
		var r struct {
			Request json.RawMessage `json:"request"`
		}
		require.NoError(t, json.Unmarshal(raw, &r))
		demo.same("heat/validation_"+name, "POST", "/stacks", string(r.Request))
	}

	demo.do("swift", "PUT", "/rec-container", "")
	demo.do("swift", "PUT", "/rec-container/a", "x")
	demo.same("swift/conflict", "DELETE", "/rec-container", "")
	demo.same("swift/not_found", "GET", "/nothing?format=json", "")
	demo.same("swift/object_not_found", "GET", "/rec-container/nothing", "")
	viewer.same("swift/forbidden", "PUT", "/rec-container", "")
	for service := range bases {
		stranger := &asker{t, c, "not-a-token", demo.project, demo.client}
		path := map[string]string{"keystone": "/auth/projects", "nova": "/servers", "cinder": "/volumes", "neutron": "/networks",
			"glance": "/images", "heat": "/stacks", "swift": "/rec-container"}[service]
		stranger.same(service+"/unauthorized", "GET", path, "")
	}
}
