package worker_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/workflows"
)

// details returns the servers of that name.
func (h *testEnv) details(t *testing.T, name string) (out []servers.Server) {
	t.Helper()
	s, err := h.parts.Cloud.Manager(t.Context())
	require.NoError(t, err)
	all, err := s.Servers(t.Context())
	require.NoError(t, err)
	for _, v := range all {
		if v.Name == name {
			out = append(out, v)
		}
	}
	return out
}

// createVolumeBacked creates a server that boots from a volume and has a second volume.
func (h *testEnv) createVolumeBacked(t *testing.T, name string) string {
	t.Helper()
	image := h.details(t, "web-1")[0].Image["id"]
	network := h.cloud.Find(t, "neutron", "networks", "demo-net").ID
	made := h.cloud.Raw(t, "demo", http.MethodPost, "/compute/v2.1/servers", fmt.Sprintf(`{"server":{"name":%q,"flavorRef":"2","imageRef":"",
		"key_name":"demo-key","metadata":{"owner":"anna","mcm:enrolled_at":"2026-01-01T00:00:00Z"},"networks":[{"uuid":%q}],"block_device_mapping_v2":[
		{"boot_index":0,"uuid":%q,"source_type":"image","destination_type":"volume","volume_size":10,"delete_on_termination":true},
		{"boot_index":-1,"source_type":"blank","destination_type":"volume","volume_size":3,"delete_on_termination":false}]}}`, name, network, image))
	require.Eventually(t, func() bool {
		all := h.details(t, name)
		return len(all) == 1 && all[0].Status == "ACTIVE" && all[0].TaskState == ""
	}, 10*time.Second, 20*time.Millisecond)
	return made["server"].(map[string]any)["id"].(string)
}

// snapshot creates a backup of the server.
func (h *testEnv) snapshot(t *testing.T, name string) {
	t.Helper()
	h.plan = h.nightly(t, name)
	h.plan.Retention = backup.Retention{}
	h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: h.plan})
	all, err := h.reader().List(t.Context())
	require.NoError(t, err)
	h.backup = all[0]
}

// progress runs an operation and returns its final progress.
func (h *testEnv) progress(t *testing.T, workflow, input any) (operation.Progress, error) {
	t.Helper()
	env := h.environment(&faultInjector{})
	env.ExecuteWorkflow(workflow, input)
	var progress operation.Progress
	said, err := env.QueryWorkflow(operation.ProgressQuery)
	require.NoError(t, err)
	require.NoError(t, said.Get(&progress))
	return progress, env.GetWorkflowError()
}

// newServerOperations returns the operations that restore as a new server.
func newServerOperations() map[string]operationCase {
	toNewServer := func(h *testEnv) any {
		return workflows.RestoreInstanceInput{Backup: h.backup, Instance: h.plan.Instances[0], NewServerName: "restored"}
	}
	runs := func(name string) func(t *testing.T, h *testEnv) {
		return func(t *testing.T, h *testEnv) {
			all := h.details(t, name)
			require.Len(t, all, 1, "the instance itself is unchanged")
			require.Equal(t, "ACTIVE", all[0].Status)
			require.Empty(t, h.details(t, "restored"))
		}
	}
	return map[string]operationCase{
		// The agents of an instance are checked after its restore.
		"RestoreInstance agents": {workflow: workflows.RestoreInstance, kept: map[string]int{"glance/images": 1}, before: func(t *testing.T, h *testEnv) {
			h.run(t, workflows.DeployStack, small(h))
			h.run(t, workflows.LaunchApp, workflows.LaunchAppInput{App: "ntp"})
			in := h.enrollment(t, "web-2")
			in.Agents = []string{"ntp"}
			h.run(t, workflows.EnrollInstance, in)
			h.snapshot(t, "web-2")
		}, holds: func(t *testing.T, h *testEnv) { h.requireRunning(t, "web-2") }, input: func(h *testEnv) any {
			return workflows.RestoreInstanceInput{Backup: h.backup, Instance: h.plan.Instances[0]}
		}},
		"RestoreInstance new server": {workflow: workflows.RestoreInstance, input: toNewServer, holds: runs("web-1"),
			before: func(t *testing.T, h *testEnv) { h.snapshot(t, "web-1") }},
		"RestoreInstance new server volumes": {workflow: workflows.RestoreInstance, input: toNewServer, holds: runs("vol-1"),
			before: func(t *testing.T, h *testEnv) {
				h.createVolumeBacked(t, "vol-1")
				h.snapshot(t, "vol-1")
			}},
	}
}

// A new server has the configuration of the instance but new addresses, and is not enrolled.
func TestRestoreInstance_new_server(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	h.snapshot(t, "web-1")
	id := h.plan.Instances[0]
	require.NoError(t, h.mark(t, id, "ntp"))
	h.cloud.Raw(t, "demo", http.MethodPost, "/compute/v2.1/servers/"+id+"/metadata", `{"metadata":{"owner":"anna"}}`)
	before, pictured := h.count(t), h.details(t, "web-1")[0]
	progress, err := h.progress(t, workflows.RestoreInstance, workflows.RestoreInstanceInput{Backup: h.backup, Instance: id, NewServerName: "web-1 of May"})
	require.NoError(t, err)
	require.Equal(t, operation.Succeeded, progress.Status)
	all := h.details(t, "web-1 of May")
	require.Len(t, all, 1)
	made := all[0]
	require.Equal(t, made.ID, progress.Result["server"])
	require.Len(t, progress.Result["addresses"], 1)
	require.Equal(t, "ACTIVE", made.Status)
	require.Equal(t, h.backup.Image, made.Image["id"])
	require.Equal(t, pictured.Flavor["original_name"], made.Flavor["original_name"])
	require.Equal(t, pictured.KeyName, made.KeyName)
	require.Equal(t, pictured.SecurityGroups, made.SecurityGroups)
	require.Equal(t, "anna", made.Metadata["owner"])
	require.Empty(t, made.Metadata["mcm:enrolled_at"])
	require.Empty(t, made.Metadata["mcm:agent:ntp"])
	require.NotEqual(t, pictured.Addresses, made.Addresses)
	require.Equal(t, pictured, h.details(t, "web-1")[0], "the instance itself is unchanged")
	before["nova/servers"]++
	before["neutron/ports"]++
	require.Equal(t, before, h.count(t))
}

// A volume-backed instance is not rebuilt. A new server gets new volumes, which are deleted with it as the instance's would
// be. A deleted instance is recreated from its recorded configuration.
func TestRestoreInstance_new_server_volume_backed(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	id := h.createVolumeBacked(t, "vol-1")
	h.snapshot(t, "vol-1")
	_, err := h.progress(t, workflows.RestoreInstance, workflows.RestoreInstanceInput{Backup: h.backup, Instance: id})
	require.ErrorContains(t, err, "restore it as a new server")
	require.NotNil(t, h.backup.Server)
	require.Equal(t, "m1.small", h.backup.Server.FlavorName)
	require.Equal(t, "demo-key", h.backup.Server.KeyName)
	require.Len(t, h.backup.Server.Networks, 1)
	require.NotEmpty(t, h.backup.Server.Networks[0].Groups)

	in := workflows.RestoreInstanceInput{Backup: h.backup, Instance: id, NewServerName: "restored"}
	h.run(t, workflows.RestoreInstance, in)
	made := h.details(t, "restored")[0]
	require.Empty(t, made.Image["id"], "the server boots from a volume")
	require.Len(t, made.AttachedVolumes, 2)
	require.Equal(t, "anna", made.Metadata["owner"])
	require.Equal(t, 4, h.count(t)["cinder/volumes"])

	h.delete(t, id)
	in.NewServerName = "again"
	progress, err := h.progress(t, workflows.RestoreInstance, in)
	require.NoError(t, err)
	again := h.details(t, "again")[0]
	require.Equal(t, again.ID, progress.Result["server"])
	require.Equal(t, "m1.small", again.Flavor["original_name"])
	require.Equal(t, "demo-key", again.KeyName)
	require.Equal(t, made.Metadata["owner"], again.Metadata["owner"])
	require.Empty(t, again.Metadata["mcm:enrolled_at"])
	require.Equal(t, made.SecurityGroups, again.SecurityGroups)
	volumes := h.count(t)["cinder/volumes"]
	h.delete(t, again.ID)
	h.requireVolumes(t, volumes-1)
}

// A snapshot without a recorded configuration needs the choices of the user.
func TestRestoreInstance_deleted_instance_without_spec(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	h.snapshot(t, "web-1")
	s, err := h.parts.Cloud.Manager(t.Context())
	require.NoError(t, err)
	require.NoError(t, backup.UpdateProperties(t.Context(), s, h.backup.Image, map[string]string{"mcm_flavor": ""}))
	id := h.plan.Instances[0]
	h.delete(t, id)
	in := workflows.RestoreInstanceInput{Backup: h.backup, Instance: id, NewServerName: "restored"}
	for field, change := range map[string]func(){
		"flavor: the instance no longer exists":   func() {},
		"flavor: there is no flavor":              func() { in.Flavor = "m9.none" },
		"networks: the instance no longer exists": func() { in.Flavor = "m1.small" },
	} {
		in.Flavor = ""
		change()
		_, err := h.progress(t, workflows.RestoreInstance, in)
		require.ErrorContains(t, err, field)
	}
	in.Flavor, in.Networks = "m1.small", []string{"demo-net"}
	h.run(t, workflows.RestoreInstance, in)
	require.Equal(t, "m1.small", h.details(t, "restored")[0].Flavor["original_name"])
}

// A backup can be restored twice: the second restore rebuilds the server again.
func TestRestoreInstance_repeated(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	h.snapshot(t, "web-1")
	rebuilt := func() int { return h.actions(t, h.plan.Instances[0], "rebuild") }
	for n := range 2 {
		h.run(t, workflows.RestoreInstance, workflows.RestoreInstanceInput{Backup: h.backup, Instance: h.plan.Instances[0]})
		require.Equal(t, n+1, rebuilt())
	}
}

// actions counts the actions on a server.
func (h *testEnv) actions(t *testing.T, id, action string) (n int) {
	t.Helper()
	list := h.cloud.Raw(t, "demo", http.MethodGet, "/compute/v2.1/servers/"+id+"/os-instance-actions", "")
	for _, a := range list["instanceActions"].([]any) {
		if a.(map[string]any)["action"] == action {
			n++
		}
	}
	return n
}

// delete deletes a server through Nova.
func (h *testEnv) delete(t *testing.T, id string) {
	t.Helper()
	h.cloud.Raw(t, "demo", http.MethodDelete, "/compute/v2.1/servers/"+id, "")
	require.Eventually(t, func() bool { return !h.has(t, "nova", "servers", id) }, 10*time.Second, 20*time.Millisecond)
}

func (h *testEnv) requireVolumes(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return h.count(t)["cinder/volumes"] == n }, 10*time.Second, 20*time.Millisecond, "the boot volume is deleted with the server")
}

// A key pair that the manager's account does not have is omitted, and the task reports it. Different security groups per port
// are copied.
func TestRestoreInstance_new_server_key_pair_and_groups(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	network := h.cloud.Find(t, "neutron", "networks", "demo-net").ID
	other := h.cloud.Raw(t, "demo", http.MethodPost, "/network/v2.0/security-groups", `{"security_group":{"name":"inner"}}`)["security_group"].(map[string]any)["id"].(string)
	var ports []string
	for _, groups := range []string{"", `,"security_groups":["` + other + `"]`} {
		port := h.cloud.Raw(t, "demo", http.MethodPost, "/network/v2.0/ports", `{"port":{"network_id":"`+network+`"`+groups+`}}`)["port"].(map[string]any)
		ports = append(ports, fmt.Sprintf(`{"port":%q}`, port["id"]))
	}
	image := h.details(t, "web-1")[0].Image["id"]
	h.cloud.Raw(t, "admin", http.MethodPost, "/compute/v2.1/os-keypairs", `{"keypair":{"name":"anna"}}`)
	body := fmt.Sprintf(`{"server":{"name":"two","flavorRef":"1","imageRef":%q,"networks":[%s,%s],"key_name":"demo-key"}}`, image, ports[0], ports[1])
	h.cloud.Raw(t, "demo", http.MethodPost, "/compute/v2.1/servers", body)
	require.Eventually(t, func() bool {
		all := h.details(t, "two")
		return len(all) == 1 && all[0].Status == "ACTIVE" && all[0].TaskState == ""
	}, 10*time.Second, 20*time.Millisecond)
	h.snapshot(t, "two")
	h.cloud.Raw(t, "demo", http.MethodDelete, "/compute/v2.1/os-keypairs/demo-key", "")
	progress, err := h.progress(t, workflows.RestoreInstance, workflows.RestoreInstanceInput{Backup: h.backup, Instance: h.backup.Instance, NewServerName: "restored"})
	require.NoError(t, err)
	note, ok := i18n.MessageFrom(progress.Result["note"])
	require.True(t, ok)
	require.Contains(t, note.String(), "without the key pair demo-key")
	require.Contains(t, progress.Message.String(), "the new server restored runs at 192.168.10.")
	made := h.details(t, "restored")[0]
	require.Empty(t, made.KeyName)
	compute := &nova.Activities{Cloud: h.parts.Cloud, PollInterval: time.Millisecond}
	was, err := compute.GetServer(t.Context(), nova.InstanceRef{ID: h.backup.Instance})
	require.NoError(t, err)
	is, err := compute.GetServer(t.Context(), nova.InstanceRef{ID: made.ID})
	require.NoError(t, err)
	require.Equal(t, was.Spec.Networks, is.Spec.Networks)
	require.NotEqual(t, is.Spec.Networks[0].Groups, is.Spec.Networks[1].Groups)
}
