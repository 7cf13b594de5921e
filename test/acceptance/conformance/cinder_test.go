package conformance

import (
	"net/url"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCinder(t *testing.T) {
	t.Parallel()
	each(t, openCloud(t).member, cinderCases)
}

// snapshot creates a snapshot and waits until it is available.
func (a *actor) snapshot(t *testing.T, volume string) string {
	t.Helper()
	id := a.made(t, "cinder", "/snapshots", "snapshot", obj{"volume_id": volume, "name": shared.mark + "-snapshot"})
	until(t, "snapshot "+id, func() bool {
		return a.want(t, 200, "GET", "cinder", "/snapshots/"+id, nil).text("snapshot", "status") == "available"
	})
	return id
}

// badVolume returns a case that requires the refusal of a volume.
func badVolume(status int, class, words string, body obj) func(*testing.T, *actor) {
	return func(t *testing.T, a *actor) {
		a.refused(t, status, class, words, "POST", "cinder", "/volumes", obj{"volume": body})
	}
}

const notDeletable = "Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing"

var cinderCases = []one[*actor]{
	{"without a token nothing is said", func(t *testing.T, a *actor) {
		a.refused(t, 401, "Unauthorized", needsSignIn, "GET", "cinder", "/volumes", nil, "X-Auth-Token", "")
	}},
	{"a volume is made step by step", func(t *testing.T, a *actor) {
		out := a.make(t, "cinder", "/volumes", "volume", obj{"size": 1, "name": shared.mark + "-life", "metadata": obj{"a": "1"}})
		assert.Equal(t, 202, out.status)
		assert.Equal(t, "creating", out.text("volume", "status"))
		id := out.text("volume", "id")
		got := a.awaitVolume(t, id, "available")
		assert.Equal(t, obj{"a": "1"}, got.at("volume", "metadata"))
		assert.Equal(t, "false", got.text("volume", "bootable"))
		assert.Equal(t, []any{}, got.at("volume", "attachments"))
		has(t, got.at("volume"), "size", "volume_type", "availability_zone", "created_at", "updated_at", "encrypted", "multiattach",
			"snapshot_id", "source_volid", "user_id", "replication_status", "description", "links", "os-vol-tenant-attr:tenant_id")
		a.want(t, 202, "DELETE", "cinder", "/volumes/"+id, nil)
		until(t, "the volume to go", func() bool { return a.ask(t, "GET", "cinder", "/volumes/"+id, nil).status == 404 })
	}},
	{"the client library makes, finds and deletes", func(t *testing.T, a *actor) {
		v, err := volumes.Create(t.Context(), a.volume, volumes.CreateOpts{Size: 1, Name: shared.mark + "-library"}, nil).Extract()
		require.NoError(t, err)
		a.later(t, "cinder", "/volumes/"+v.ID)
		a.awaitVolume(t, v.ID, "available")
		pages, err := volumes.List(a.volume, volumes.ListOpts{Name: shared.mark + "-library"}).AllPages(t.Context())
		require.NoError(t, err)
		list, err := volumes.ExtractVolumes(pages)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.NoError(t, volumes.Delete(t.Context(), a.volume, v.ID, nil).ExtractErr())
	}},
	{"a size that is no number", badVolume(400, "badRequest", "Invalid input for field/attribute size. Value: ten.", obj{"size": "ten"})},
	{"a size of nothing", badVolume(400, "badRequest", "Invalid input for field/attribute size. Value: 0. 0 is less than the minimum of 1", obj{"size": 0})},
	{"no size", badVolume(400, "badRequest", "either malformed or otherwise incorrect", obj{"name": "x"})},
	{"an unknown type", badVolume(404, "itemNotFound", "Volume type with name no-such-type could not be found.", obj{"size": 1, "volume_type": "no-such-type"})},
	{"an unknown snapshot", badVolume(404, "itemNotFound", "Snapshot "+nobody+" could not be found.", obj{"size": 1, "snapshot_id": nobody})},
	{"an unknown source", badVolume(404, "itemNotFound", "Volume "+nobody+" could not be found.", obj{"size": 1, "source_volid": nobody})},
	{"an unknown image", badVolume(400, "badRequest", "Invalid image identifier or unable to access requested image", obj{"size": 1, "imageRef": nobody})},
	{"an unknown volume is not found", func(t *testing.T, a *actor) {
		for _, method := range []string{"GET", "DELETE"} {
			a.refused(t, 404, "itemNotFound", "Volume "+nobody+" could not be found.", method, "cinder", "/volumes/"+nobody, nil)
		}
	}},
	{"volumes are renamed and described", func(t *testing.T, a *actor) {
		id := a.volumeOf(t, obj{})
		a.want(t, 200, "PUT", "cinder", "/volumes/"+id, obj{"volume": obj{"name": "new", "description": "what it is"}})
		got := a.want(t, 200, "GET", "cinder", "/volumes/"+id, nil)
		assert.Equal(t, []any{"new", "what it is"}, []any{got.at("volume", "name"), got.at("volume", "description")})
	}},
	{"metadata is set, found by and deleted", func(t *testing.T, a *actor) {
		id := a.volumeOf(t, obj{"metadata": obj{"a": "1"}})
		path := "/volumes/" + id + "/metadata"
		assert.Equal(t, obj{"a": "1", "b": shared.mark}, a.want(t, 200, "POST", "cinder", path, obj{"metadata": obj{"b": shared.mark}}).at("metadata"))
		filter := "?metadata=" + url.QueryEscape("{'b': '"+shared.mark+"'}")
		assert.Equal(t, []string{id}, names(a.want(t, 200, "GET", "cinder", "/volumes/detail"+filter, nil).list("volumes"), "id"))
		a.want(t, 200, "DELETE", "cinder", path+"/a", nil)
		a.want(t, 404, "DELETE", "cinder", path+"/a", nil)
		assert.Equal(t, obj{"b": shared.mark}, a.want(t, 200, "GET", "cinder", path, nil).at("metadata"))
		assert.Equal(t, obj{"c": "3"}, a.want(t, 200, "PUT", "cinder", path, obj{"metadata": obj{"c": "3"}}).at("metadata"))
	}},
	{"volumes come in pages", func(t *testing.T, a *actor) {
		one, two, name := a.volumeOf(t, obj{"name": "page"}), a.volumeOf(t, obj{"name": "page"}), "?name=page&sort=id:asc&limit=1"
		page := a.want(t, 200, "GET", "cinder", "/volumes/detail"+name, nil)
		assert.Equal(t, min(one, two), page.text("volumes", 0, "id"))
		assert.Equal(t, "next", page.text("volumes_links", 0, "rel"))
		assert.Contains(t, page.text("volumes_links", 0, "href"), "marker="+min(one, two))
		assert.Equal(t, max(one, two), a.want(t, 200, "GET", "cinder", "/volumes"+name+"&marker="+min(one, two), nil).text("volumes", 0, "id"))
	}},
	{"an unknown marker of volumes is not found", func(t *testing.T, a *actor) {
		a.refused(t, 404, "itemNotFound", nobody, "GET", "cinder", "/volumes?marker="+nobody, nil)
	}},
	{"volumes are found by status", func(t *testing.T, a *actor) {
		id := a.volumeOf(t, obj{})
		assert.Contains(t, names(a.want(t, 200, "GET", "cinder", "/volumes?status=available", nil).list("volumes"), "id"), id)
		assert.NotContains(t, names(a.want(t, 200, "GET", "cinder", "/volumes?status=error", nil).list("volumes"), "id"), id)
	}},
	{"a volume grows and never shrinks", func(t *testing.T, a *actor) {
		id := a.volumeOf(t, obj{})
		action := "/volumes/" + id + "/action"
		a.refused(t, 400, "badRequest", "New size for extend must be greater than current size. (current: 1, extended: 1).", "POST", "cinder",
			action, obj{"os-extend": obj{"new_size": 1}})
		a.want(t, 202, "POST", "cinder", action, obj{"os-extend": obj{"new_size": 2}})
		until(t, "the volume to grow", func() bool {
			got := a.want(t, 200, "GET", "cinder", "/volumes/"+id, nil)
			return got.at("volume", "size") == 2.0 && got.text("volume", "status") == "available"
		})
	}},
	{"an unknown action is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "badRequest", "There is no such action", "POST", "cinder", "/volumes/"+a.volumeOf(t, obj{})+"/action", obj{"os-sing": nil})
	}},
	{"a volume is made bootable", func(t *testing.T, a *actor) {
		id := a.volumeOf(t, obj{})
		a.want(t, 200, "POST", "cinder", "/volumes/"+id+"/action", obj{"os-set_bootable": obj{"bootable": true}})
		assert.Equal(t, "true", a.want(t, 200, "GET", "cinder", "/volumes/"+id, nil).text("volume", "bootable"))
	}},
	{"a member forces no status", func(t *testing.T, a *actor) {
		a.refused(t, 403, "forbidden", "Policy doesn't allow volume_extension:volume_admin_actions:reset_status to be performed.", "POST",
			"cinder", "/volumes/"+a.volumeOf(t, obj{})+"/action", obj{"os-reset_status": obj{"status": "error"}})
	}},
	{"a snapshot is made, and its volume stays", func(t *testing.T, a *actor) {
		volume := a.volumeOf(t, obj{})
		out := a.make(t, "cinder", "/snapshots", "snapshot", obj{"volume_id": volume, "name": shared.mark + "-s", "metadata": obj{"a": "1"}})
		assert.Equal(t, "creating", out.text("snapshot", "status"))
		id := out.text("snapshot", "id")
		until(t, "the snapshot", func() bool {
			return a.want(t, 200, "GET", "cinder", "/snapshots/"+id, nil).text("snapshot", "status") == "available"
		})
		got := a.want(t, 200, "GET", "cinder", "/snapshots/"+id, nil)
		assert.Equal(t, "100%", got.text("snapshot", "os-extended-snapshot-attributes:progress"))
		assert.Equal(t, volume, got.text("snapshot", "volume_id"))
		assert.Equal(t, obj{"a": "1"}, got.at("snapshot", "metadata"))
		assert.Equal(t, []string{id}, names(a.want(t, 200, "GET", "cinder", "/snapshots/detail?volume_id="+volume, nil).list("snapshots"), "id"))
		a.refused(t, 400, "badRequest", notDeletable, "DELETE", "cinder", "/volumes/"+volume, nil)
		a.want(t, 202, "DELETE", "cinder", "/snapshots/"+id, nil)
		until(t, "the snapshot to go", func() bool { return a.ask(t, "GET", "cinder", "/snapshots/"+id, nil).status == 404 })
	}},
	{"an unknown snapshot is not there", func(t *testing.T, a *actor) {
		a.refused(t, 404, "itemNotFound", "Snapshot "+nobody+" could not be found.", "GET", "cinder", "/snapshots/"+nobody, nil)
		a.refused(t, 404, "itemNotFound", "Volume "+nobody+" could not be found.", "POST", "cinder", "/snapshots",
			obj{"snapshot": obj{"volume_id": nobody}})
	}},
	{"a volume of a snapshot is as large at least", func(t *testing.T, a *actor) {
		volume := a.volumeOf(t, obj{"size": 2})
		snapshot := a.snapshot(t, volume)
		a.refused(t, 400, "badRequest", "Volume size '1'GB cannot be smaller than the snapshot size 2GB. They must be >= original snapshot size.", "POST", "cinder", "/volumes",
			obj{"volume": obj{"size": 1, "snapshot_id": snapshot}})
		id := a.volumeOf(t, obj{"size": 3, "snapshot_id": snapshot})
		got := a.want(t, 200, "GET", "cinder", "/volumes/"+id, nil)
		assert.Equal(t, []any{3.0, snapshot}, []any{got.at("volume", "size"), got.at("volume", "snapshot_id")})
	}},
	{"a volume of another one", func(t *testing.T, a *actor) {
		source := a.volumeOf(t, obj{"size": 2})
		a.refused(t, 400, "badRequest", "They must be >= original volume size.", "POST", "cinder", "/volumes",
			obj{"volume": obj{"size": 1, "source_volid": source}})
		id := a.volumeOf(t, obj{"size": 2, "source_volid": source})
		assert.Equal(t, source, a.want(t, 200, "GET", "cinder", "/volumes/"+id, nil).text("volume", "source_volid"))
	}},
	{"a volume of an image is bootable", func(t *testing.T, a *actor) {
		image := a.want(t, 200, "GET", "glance", "/images?status=active&visibility=public&limit=1", nil).list("images")[0]
		got := a.awaitVolume(t, a.volumeOf(t, obj{"size": 10, "imageRef": str(image, "id")}), "available")
		assert.Equal(t, "true", got.text("volume", "bootable"))
		assert.Equal(t, str(image, "id"), got.text("volume", "volume_image_metadata", "image_id"))
		assert.Equal(t, str(image, "name"), got.text("volume", "volume_image_metadata", "image_name"))
	}},
	{"volume types", func(t *testing.T, a *actor) {
		list := a.want(t, 200, "GET", "cinder", "/types", nil).list("volume_types")
		require.NotEmpty(t, list)
		has(t, list[0], "id", "name", "is_public", "description", "extra_specs")
		a.want(t, 200, "GET", "cinder", "/types/"+str(list[0], "id"), nil)
		a.want(t, 200, "GET", "cinder", "/types/default", nil)
		a.refused(t, 404, "itemNotFound", "Volume type "+nobody+" could not be found.", "GET", "cinder", "/types/"+nobody, nil)
	}},
	{"limits say what is used", func(t *testing.T, a *actor) {
		has(t, a.want(t, 200, "GET", "cinder", "/limits", nil).at("limits", "absolute"), "maxTotalVolumes", "totalVolumesUsed",
			"maxTotalSnapshots", "totalSnapshotsUsed", "maxTotalVolumeGigabytes", "totalGigabytesUsed")
	}},
	{"quotas with what is used", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "cinder", "/os-quota-sets/"+a.projectID+"?usage=True", nil)
		has(t, out.at("quota_set", "gigabytes"), "limit", "in_use", "reserved")
		plain := a.want(t, 200, "GET", "cinder", "/os-quota-sets/"+a.projectID, nil)
		_, isNumber := plain.at("quota_set", "volumes").(float64)
		assert.True(t, isNumber, "%s", plain.raw)
	}},
	{"a member changes no quota", func(t *testing.T, a *actor) {
		a.refused(t, 403, "forbidden", "Policy doesn't allow volume_extension:quotas:update to be performed.", "PUT", "cinder",
			"/os-quota-sets/"+a.projectID, obj{"quota_set": obj{"volumes": 1000}})
	}},
	{"volumes of another project are not found", func(t *testing.T, a *actor) {
		id, other := a.volumeOf(t, obj{}), otherProjectUser(t, "member")
		other.refused(t, 404, "itemNotFound", "Volume "+id+" could not be found.", "GET", "cinder", "/volumes/"+id, nil)
	}},
	{"the microversion asked for is spoken", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "cinder", "/volumes", nil, "OpenStack-API-Version", "volume 3.50")
		assert.Equal(t, "volume 3.50", out.header.Get("OpenStack-API-Version"))
		assert.Equal(t, "volume 3.0", a.want(t, 200, "GET", "cinder", "/volumes", nil).header.Get("OpenStack-API-Version"))
		a.want(t, 406, "GET", "cinder", "/volumes", nil, "OpenStack-API-Version", "volume 3.999")
	}},
}
