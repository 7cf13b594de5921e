//go:build acceptance

package e2e_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/stretchr/testify/require"

	"mycloudmanager/test/acceptance/hosts/hostlab"
)

// rebuilt is the metadata key that records which restore has replaced a server's disk.
const rebuilt = "mcm:rebuilt"

var diskSum = regexp.MustCompile(`(?:boot|power on) .*disk-sha256=(\w+)`)

// disk returns the checksum of the disk that a server has booted with last, from real Nova's console log.
func (h *hostSet) disk(t *testing.T, id string) string {
	t.Helper()
	out, err := servers.ShowConsoleOutput(t.Context(), h.compute, id, servers.ShowConsoleOutputOpts{}).Extract()
	require.NoError(t, err)
	found := diskSum.FindAllStringSubmatch(out, -1)
	require.NotEmpty(t, found, out)
	return found[len(found)-1][1]
}

func (h *hostSet) server(t *testing.T, id string) *servers.Server {
	t.Helper()
	s, err := servers.Get(t.Context(), h.compute, id).Extract()
	require.NoError(t, err)
	return s
}

// snapshotsOfHosts creates images of the hosts' servers with real Nova and Glance, kills everything during the
// second run, and restores one: by the product, and by the runbook without it.
func snapshotsOfHosts(t *testing.T, h *hostSet) {
	made := h.plan(t, nightly("images", 0, h.ids[1:]...))
	was, properties := h.disk(t, h.ids[1]), h.properties(t, 1)
	first := h.backUp(t, made, false)
	for _, n := range h.numbers() {
		require.Equal(t, "ACTIVE", h.server(t, h.ids[n]).Status, "%s runs again", hostlab.Name(n))
		require.Equal(t, "active", h.image(t, first[n])["status"])
	}
	second := h.backUp(t, made, true)
	var images []map[string]any
	openstack(t, &images, "image", "list", "--property", "mcm_plan="+made.ID)
	require.Len(t, images, 2*len(h.numbers()), "an image is doubled or lost")
	h.endWithin(t, h.begin(t, http.MethodPost, "/backups/"+first[1].ID+"/verify", nil, nil).ID, "succeeded", 5*time.Minute)

	h.overwrite(t, h.ids[1])
	require.NotEqual(t, was, h.disk(t, h.ids[1]))
	began := time.Now()
	body := map[string]any{"backup_id": first[1].ID, "confirm": hostlab.Name(1)}
	restore := h.begin(t, http.MethodPost, "/instances/"+h.ids[1]+"/restore", body, nil).ID
	h.killAfter(t, time.Duration(rand.Int64N(int64(3*time.Second))))
	done := h.endWithin(t, restore, "succeeded", 10*time.Minute)
	t.Logf("restore of %s, killed: %s", hostlab.Name(1), time.Since(began).Round(100*time.Millisecond))
	after := h.server(t, h.ids[1])
	require.Equal(t, was, h.disk(t, h.ids[1]), "the disk is that of the backup")
	require.Equal(t, h.image(t, first[1])["id"], after.Image["id"])
	require.Equal(t, "ACTIVE", after.Status)
	kept := h.properties(t, 1)
	require.Contains(t, kept[rebuilt], restore, "which task has replaced the disk")
	delete(kept, rebuilt)
	require.Equal(t, properties, kept, "metadata is as before")
	h.requireEnrolled(t, 1)

	h.away(t, func() {
		h.overwrite(t, h.ids[1])
		runbook(t, "## Restore a snapshot", "instance="+h.ids[1], "image="+h.image(t, second[1])["id"].(string))
	})
	require.Equal(t, was, h.disk(t, h.ids[1]), "by hand")
	h.endWithin(t, h.begin(t, http.MethodDelete, "/backups/"+done.Result["safety_backup"].(string), nil, nil).ID, "succeeded", 5*time.Minute)
	restoreAsNewServer := h.restoreAsNewServer(t, h.ids[1], first[1], "beside")
	require.Equal(t, was, h.disk(t, restoreAsNewServer), "a new server of the backup")
	removeServer(t, h.compute, restoreAsNewServer)
	h.fromVolume(t)
	h.deletePlan(t, made)
	openstack(t, &images, "image", "list", "--property", "mcm_kind=backup")
	require.Empty(t, images)
}

// image returns a backup's image as the openstack command line shows it.
func (h *hostSet) image(t *testing.T, b backupOf) map[string]any {
	t.Helper()
	var image map[string]any
	openstack(t, &image, "image", "show", strings.TrimPrefix(b.ID, "s-"))
	return image
}

// overwrite replaces a server's disk.
func (h *hostSet) overwrite(t *testing.T, id string) {
	t.Helper()
	var images []struct{ ID, Name string }
	openstack(t, &images, "image", "list", "--public", "--status", "active")
	now := h.server(t, id)
	for _, image := range images {
		if image.ID == now.Image["id"] {
			continue
		}
		_, err := servers.Rebuild(t.Context(), h.compute, id, servers.RebuildOpts{ImageRef: image.ID}).Extract()
		require.NoError(t, err)
		require.NoError(t, servers.WaitForStatus(t.Context(), h.compute, id, "ACTIVE"))
		return
	}
	t.Fatalf("the cloud has no other image than %v", images)
}

// fromVolume backs up a volume-backed server: the image refers to a snapshot of the volume, which is deleted
// with it.
func (h *hostSet) fromVolume(t *testing.T) {
	t.Helper()
	out, err := exec.Command("/usr/bin/openstack", "server", "create", "--boot-from-volume", "1", "--image", "debian-12", "--flavor", h.server(t, h.ids[1]).Flavor["id"].(string),
		"--network", h.lan, "--wait", "-f", "value", "-c", "id", "on-a-volume").Output()
	require.NoError(t, err, "%s%s", out, stderr(err))
	id := strings.TrimSpace(string(out))
	made := h.plan(t, nightly("on a volume", 0, id))
	h.endWithin(t, h.begin(t, http.MethodPost, "/backup-plans/"+made.ID+"/run", nil, nil).ID, "succeeded", 5*time.Minute)
	list := h.backups(t, "&plan="+made.ID)
	require.Len(t, list, 1)
	var snapshots []map[string]any
	openstack(t, &snapshots, "volume", "snapshot", "list")
	require.Len(t, snapshots, 1)
	require.Equal(t, "available", snapshots[0]["Status"])
	require.Equal(t, "ACTIVE", h.server(t, id).Status)
	response, raw := h.do(t, http.MethodPost, "/instances/"+id+"/restore", map[string]any{"backup_id": list[0].ID, "confirm": "on-a-volume"}, nil)
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode, string(raw))
	require.Contains(t, string(raw), "new_server_name", "its disk cannot be replaced")
	removeServer(t, h.compute, id)
	again := h.restoreAsNewServer(t, id, list[0], "on-a-volume-again")
	require.NotEmpty(t, h.server(t, again).AttachedVolumes, "it boots from a volume of its own")
	removeServer(t, h.compute, again)
	h.deletePlan(t, made)
	openstack(t, &snapshots, "volume", "snapshot", "list")
	require.Empty(t, snapshots, "snapshots of volumes go with their backup")
	shell(t, "sh", "-c", "openstack volume list --status available -f value -c ID | xargs -r openstack volume delete")
}

// restoreAsNewServer restores a backup as a new server, with a kill during the task.
func (h *hostSet) restoreAsNewServer(t *testing.T, instance string, b backupOf, name string) string {
	t.Helper()
	began := time.Now()
	restore := h.begin(t, http.MethodPost, "/instances/"+instance+"/restore", map[string]any{"backup_id": b.ID, "new_server_name": name}, nil).ID
	h.killAfter(t, time.Duration(rand.Int64N(int64(2*time.Second))))
	done := h.endWithin(t, restore, "succeeded", 5*time.Minute)
	t.Logf("%s of a backup, killed: %s", name, time.Since(began).Round(100*time.Millisecond))
	id, _ := done.Result["server"].(string)
	require.Equal(t, "ACTIVE", h.server(t, id).Status)
	var list []map[string]any
	openstack(t, &list, "server", "list", "--name", "^"+name+"$")
	require.Len(t, list, 1, "one server, whatever was killed")
	return id
}

// stderr returns the error output of a failed command.
func stderr(err error) string {
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(failed.Stderr)
	}
	return ""
}
