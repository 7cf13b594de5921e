package sandbox_test

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/stackresources"
	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/stacks"
	"github.com/stretchr/testify/require"

	"mycloudmanager/sandbox/sandboxtest"
)

func toolbox(t *testing.T) (string, map[string]string) {
	t.Helper()
	files := map[string]string{}
	read := func(path string) string {
		raw, err := os.ReadFile("../deploy/heat/" + path)
		require.NoError(t, err)
		return string(raw)
	}
	for _, path := range []string{"server.yaml", "../cloud-init/master.yaml", "../cloud-init/node.yaml", "../cloud-init/etcd.yaml"} {
		files[path] = read(path)
	}
	return read("stack.yaml"), files
}

var toolboxParams = map[string]any{"image": "Debian 12", "external_network": "public", "k3s_token": "0123456789abcdef",
	"manager_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKl mcm", "key_pair": "demo-key", "masters": 2, "nodes": 3, "etcd": 3}

func heatClient(t *testing.T, c *sandboxtest.Cloud) *gophercloud.ServiceClient {
	t.Helper()
	client, err := openstack.NewOrchestrationV1(c.Client(t, "demo"), gophercloud.EndpointOpts{})
	require.NoError(t, err)
	return client
}

func awaitStack(t *testing.T, client *gophercloud.ServiceClient, name, id string) *stacks.RetrievedStack {
	t.Helper()
	var s *stacks.RetrievedStack
	require.Eventually(t, func() bool {
		var err error
		s, err = stacks.Get(t.Context(), client, name, id).Extract()
		require.NoError(t, err)
		return !strings.HasSuffix(s.Status, "_IN_PROGRESS")
	}, 30*time.Second, 10*time.Millisecond)
	return s
}

func createToolbox(t *testing.T, client *gophercloud.ServiceClient, params map[string]any) string {
	t.Helper()
	text, files := toolbox(t)
	created, err := stacks.Create(t.Context(), client, rawStack{name: "toolbox", template: text, files: files, params: params}).Extract()
	require.NoError(t, err)
	return created.ID
}

// rawStack is a create or update body that bypasses the client's rewriting of templates.
type rawStack struct {
	name, template string
	files          map[string]string
	params         map[string]any
}

func (r rawStack) body() (map[string]any, error) {
	return map[string]any{"stack_name": r.name, "template": r.template, "files": r.files, "parameters": r.params,
		"tags": "mcm,mcm-task-1", "timeout_mins": 30, "disable_rollback": true}, nil
}

func (r rawStack) ToStackCreateMap() (map[string]any, error) { return r.body() }
func (r rawStack) ToStackUpdateMap() (map[string]any, error) { return r.body() }

func TestHeat_toolbox_stack_lifecycle(t *testing.T) {
	c := sandboxtest.Start(t)
	client := heatClient(t, c)
	before := c.Count(t)
	id := createToolbox(t, client, toolboxParams)
	s := awaitStack(t, client, "toolbox", id)
	require.Equal(t, "CREATE_COMPLETE", s.Status, s.StatusReason)
	outputs := map[string]any{}
	for _, o := range s.Outputs {
		outputs[o["output_key"].(string)] = o["output_value"]
	}
	require.Equal(t, []any{"10.0.1.10", "10.0.1.11"}, outputs["master_addresses"])
	require.NotEmpty(t, outputs["floating_ip"])
	require.Equal(t, "******", s.Parameters["k3s_token"])
	require.Equal(t, before["nova/servers"]+8, c.Count(t)["nova/servers"])

	pages, err := stackresources.List(client, "toolbox", id, stackresources.ListOpts{Depth: 3}).AllPages(t.Context())
	require.NoError(t, err)
	resources, err := stackresources.ExtractResources(pages)
	require.NoError(t, err)
	require.Greater(t, len(resources), 30)

	scaled := map[string]any{}
	maps.Copy(scaled, toolboxParams)
	scaled["nodes"], scaled["node_flavor"] = 4, "m1.large"
	text, files := toolbox(t)
	require.NoError(t, stacks.Update(t.Context(), client, "toolbox", id,
		rawStack{name: "toolbox", template: text, files: files, params: scaled}).ExtractErr())
	s = awaitStack(t, client, "toolbox", id)
	require.Equal(t, "UPDATE_COMPLETE", s.Status, s.StatusReason)
	require.Equal(t, before["nova/servers"]+9, c.Count(t)["nova/servers"])

	require.NoError(t, stacks.Delete(t.Context(), client, "toolbox", id).ExtractErr())
	s = awaitStack(t, client, "toolbox", id)
	require.Equal(t, "DELETE_COMPLETE", s.Status, s.StatusReason)
	require.Equal(t, before, c.Count(t))
}

func TestHeat_recovers_from_exceeded_quota(t *testing.T) {
	c := sandboxtest.Start(t)
	client := heatClient(t, c)
	before := c.Count(t)
	c.Control(t, http.MethodPost, "/quotas", `{"service":"nova","instances":9}`)
	id := createToolbox(t, client, toolboxParams)
	s := awaitStack(t, client, "toolbox", id)
	require.Equal(t, "CREATE_FAILED", s.Status)
	require.Contains(t, s.StatusReason, "Resource CREATE failed: Forbidden: resources.")
	require.Contains(t, s.StatusReason, "Quota exceeded for instances: Requested 1, but already used 9 of 9 instances (HTTP 403)")

	c.Control(t, http.MethodPost, "/quotas", `{"instances":30}`)
	text, files := toolbox(t)
	require.NoError(t, stacks.Update(t.Context(), client, "toolbox", id,
		rawStack{name: "toolbox", template: text, files: files, params: toolboxParams}).ExtractErr())
	s = awaitStack(t, client, "toolbox", id)
	require.Equal(t, "UPDATE_COMPLETE", s.Status, s.StatusReason)

	require.NoError(t, stacks.Delete(t.Context(), client, "toolbox", id).ExtractErr())
	require.Equal(t, "DELETE_COMPLETE", awaitStack(t, client, "toolbox", id).Status)
	require.Equal(t, before, c.Count(t))
}

func TestHeat_delete_fails_while_port_is_in_use(t *testing.T) {
	c := sandboxtest.Start(t)
	client := heatClient(t, c)
	created, err := stacks.Create(t.Context(), client, rawStack{name: "stuck", template: `
heat_template_version: 2018-08-31
resources:
  network: {type: OS::Neutron::Net}
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: network}, cidr: 10.1.0.0/24}}
outputs: {network_id: {value: {get_resource: network}}}`}).Extract()
	require.NoError(t, err)
	s := awaitStack(t, client, "stuck", created.ID)
	require.Equal(t, "CREATE_COMPLETE", s.Status)
	port := c.Raw(t, "demo", http.MethodPost, "/network/v2.0/ports",
		`{"port":{"network_id":"`+s.Outputs[0]["output_value"].(string)+`"}}`)["port"].(map[string]any)["id"].(string)

	require.NoError(t, stacks.Delete(t.Context(), client, "stuck", created.ID).ExtractErr())
	s = awaitStack(t, client, "stuck", created.ID)
	require.Equal(t, "DELETE_FAILED", s.Status)
	require.Contains(t, s.StatusReason, "Resource DELETE failed: Conflict: resources.subnet: Unable to complete operation on subnet")

	c.Raw(t, "demo", http.MethodDelete, "/network/v2.0/ports/"+port, "")
	require.NoError(t, stacks.Delete(t.Context(), client, "stuck", created.ID).ExtractErr())
	require.Equal(t, "DELETE_COMPLETE", awaitStack(t, client, "stuck", created.ID).Status)
}

func TestHeat_refuses_invalid_templates(t *testing.T) {
	c := sandboxtest.Start(t)
	client := heatClient(t, c)
	for _, v := range []struct{ template, want string }{
		{"heat_template_version: 2018-08-31\nresources: {n: {type: OS::Neutron::Nett}}", "The Resource Type (OS::Neutron::Nett) could not be found."},
		{"heat_template_version: 2018-08-31\nresources: {n: {type: OS::Neutron::Net, properties: {nmae: x}}}", "Unknown Property nmae"},
		{"heat_template_version: 2018-08-31\nparameters: {a: {type: string}}\nresources: {}", "The Parameter (a) was not provided."},
		{"heat_template_version: 2018-08-31\nresources: [unclosed", "Template not in valid format"},
		{"", "No template specified"},
	} {
		err := stacks.Create(t.Context(), client, rawStack{name: "bad", template: v.template}).Err
		require.True(t, gophercloud.ResponseCodeIs(err, http.StatusBadRequest), "%v", err)
		require.True(t, bytes.Contains([]byte(err.Error()), []byte(v.want)), "%v", err)
	}
}
