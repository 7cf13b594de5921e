package conformance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// volumeOf creates a volume and waits until it is available.
func (a *actor) volumeOf(t *testing.T, body obj) string {
	t.Helper()
	if body["size"] == nil {
		body["size"] = 1
	}
	id := a.made(t, "cinder", "/volumes", "volume", body)
	a.awaitVolume(t, id, "available")
	return id
}

func (a *actor) awaitVolume(t *testing.T, id, status string) response {
	t.Helper()
	var out response
	until(t, "volume "+id+" to be "+status, func() bool {
		out = a.want(t, 200, "GET", "cinder", "/volumes/"+id, nil)
		require.False(t, strings.HasPrefix(out.text("volume", "status"), "error"), "%s", out.raw)
		return out.text("volume", "status") == status
	})
	return out
}

func (a *actor) awaitImage(t *testing.T, id, status string) response {
	t.Helper()
	var out response
	until(t, "image "+id+" to be "+status, func() bool {
		out = a.want(t, 200, "GET", "glance", "/images/"+id, nil)
		return out.text("status") == status
	})
	return out
}

// ports returns the ids of a server's ports.
func (y *novaEnv) ports(t *testing.T, server string) []string {
	t.Helper()
	return names(y.want(t, 200, "GET", "nova", "/servers/"+server+"/os-interface", nil).list("interfaceAttachments"), "port_id")
}

// detach detaches a port and waits for it.
func (y *novaEnv) detach(t *testing.T, server, port string) {
	t.Helper()
	y.want(t, 202, "DELETE", "nova", "/servers/"+server+"/os-interface/"+port, nil)
	until(t, "port "+port+" to be off", func() bool { return !strings.Contains(strings.Join(y.ports(t, server), " "), port) })
}

// volumeBacked boots a server from a volume that is created from the image.
func (y *novaEnv) volumeBacked(t *testing.T) string {
	t.Helper()
	return y.boot(t, obj{"imageRef": "", "block_device_mapping_v2": []obj{{"boot_index": 0, "uuid": y.image, "source_type": "image",
		"destination_type": "volume", "volume_size": 10, "delete_on_termination": true}}})
}

var deviceCases = []one[*novaEnv]{
	{"a volume is attached and detached", func(t *testing.T, y *novaEnv) {
		server, volume := y.common(t), y.volumeOf(t, obj{})
		path := "/servers/" + server + "/os-volume_attachments"
		out := y.want(t, 200, "POST", "nova", path, obj{"volumeAttachment": obj{"volumeId": volume}})
		assert.Equal(t, volume, out.text("volumeAttachment", "volumeId"))
		assert.Equal(t, server, out.text("volumeAttachment", "serverId"))
		assert.True(t, strings.HasPrefix(out.text("volumeAttachment", "device"), "/dev/"), "%s", out.raw)
		got := y.awaitVolume(t, volume, "in-use")
		assert.Equal(t, server, got.text("volume", "attachments", 0, "server_id"))
		assert.Equal(t, out.text("volumeAttachment", "device"), got.text("volume", "attachments", 0, "device"))
		list := y.want(t, 200, "GET", "nova", path, nil).list("volumeAttachments")
		assert.Equal(t, []string{volume}, names(list, "volumeId"))
		y.want(t, 200, "GET", "nova", path+"/"+volume, nil)
		shown := y.want(t, 200, "GET", "nova", "/servers/"+server, nil)
		assert.Equal(t, volume, shown.text("server", "os-extended-volumes:volumes_attached", 0, "id"))

		y.refused(t, 400, "badRequest", "Invalid volume: volume "+volume+" is already attached to instances: "+server, "POST", "nova", path,
			obj{"volumeAttachment": obj{"volumeId": volume}})
		y.refused(t, 400, "badRequest", "Volume status must be available or error", "DELETE", "cinder", "/volumes/"+volume, nil)
		y.want(t, 202, "DELETE", "nova", path+"/"+volume, nil)
		assert.Empty(t, y.awaitVolume(t, volume, "available").list("volume", "attachments"))
		// Nova removes the attachment shortly after Cinder has the volume back.
		until(t, "the attachment to go", func() bool { return y.ask(t, "GET", "nova", path+"/"+volume, nil).status == 404 })
	}},
	{"an unknown volume is not found", func(t *testing.T, y *novaEnv) {
		path := "/servers/" + y.common(t) + "/os-volume_attachments"
		y.refused(t, 404, "itemNotFound", "Volume "+nobody+" could not be found.", "POST", "nova", path,
			obj{"volumeAttachment": obj{"volumeId": nobody}})
		y.refused(t, 404, "itemNotFound", "Volume "+nobody+" could not be found.", "DELETE", "nova", path+"/"+nobody, nil)
	}},
	{"a volume that is not attached is not found", func(t *testing.T, y *novaEnv) {
		y.want(t, 404, "DELETE", "nova", "/servers/"+y.common(t)+"/os-volume_attachments/"+y.volumeOf(t, obj{}), nil)
	}},
	{"a volume is let go with its server", func(t *testing.T, y *novaEnv) {
		server, volume := y.boot(t, nil), y.volumeOf(t, obj{})
		y.want(t, 200, "POST", "nova", "/servers/"+server+"/os-volume_attachments", obj{"volumeAttachment": obj{"volumeId": volume}})
		y.awaitVolume(t, volume, "in-use")
		y.want(t, 204, "DELETE", "nova", "/servers/"+server, nil)
		y.awaitVolume(t, volume, "available")
	}},
	{"an interface on a network", func(t *testing.T, y *novaEnv) {
		server := y.common(t)
		out := y.want(t, 200, "POST", "nova", "/servers/"+server+"/os-interface", obj{"interfaceAttachment": obj{"net_id": y.network}})
		port := out.text("interfaceAttachment", "port_id")
		has(t, out.at("interfaceAttachment"), "port_id", "net_id", "mac_addr", "port_state", "fixed_ips")
		assert.Contains(t, y.ports(t, server), port)
		y.detach(t, server, port)
		until(t, "the port to go", func() bool { return y.ask(t, "GET", "neutron", "/ports/"+port, nil).status == 404 })
	}},
	{"an interface of a port, which stays", func(t *testing.T, y *novaEnv) {
		server, port := y.common(t), y.made(t, "neutron", "/ports", "port", obj{"network_id": y.network})
		y.want(t, 200, "POST", "nova", "/servers/"+server+"/os-interface", obj{"interfaceAttachment": obj{"port_id": port}})
		assert.Contains(t, y.ports(t, server), port)
		y.refused(t, 409, "conflictingRequest", "Port "+port+" is still in use.", "POST", "nova", "/servers/"+server+"/os-interface",
			obj{"interfaceAttachment": obj{"port_id": port}})
		y.detach(t, server, port)
		until(t, "the port to be free", func() bool {
			return y.want(t, 200, "GET", "neutron", "/ports/"+port, nil).text("port", "device_id") == ""
		})
	}},
	{"an interface with an address", func(t *testing.T, y *novaEnv) {
		server := y.common(t)
		out := y.want(t, 200, "POST", "nova", "/servers/"+server+"/os-interface", obj{"interfaceAttachment": obj{"net_id": y.network,
			"fixed_ips": []obj{{"ip_address": "10.91.0.200"}}}})
		assert.Equal(t, "10.91.0.200", out.text("interfaceAttachment", "fixed_ips", 0, "ip_address"))
		y.detach(t, server, out.text("interfaceAttachment", "port_id"))
	}},
	{"an interface that there is not is not found", func(t *testing.T, y *novaEnv) {
		path := "/servers/" + y.common(t) + "/os-interface"
		y.want(t, 404, "GET", "nova", path+"/"+nobody, nil)
		y.want(t, 202, "DELETE", "nova", path+"/"+nobody, nil) // detected asynchronously and not reported
		y.want(t, 404, "POST", "nova", path, obj{"interfaceAttachment": obj{"port_id": nobody}})
	}},
	{"security groups are put on and taken off", func(t *testing.T, y *novaEnv) {
		server, name := y.common(t), shared.mark+"-on"
		y.made(t, "neutron", "/security-groups", "security_group", obj{"name": name})
		y.act(t, server, obj{"addSecurityGroup": obj{"name": name}})
		groups := y.want(t, 200, "GET", "nova", "/servers/"+server+"/os-security-groups", nil).list("security_groups")
		assert.ElementsMatch(t, []string{"default", name}, names(groups, "name"))
		y.act(t, server, obj{"removeSecurityGroup": obj{"name": name}})
		y.want(t, 404, "POST", "nova", "/servers/"+server+"/action", obj{"removeSecurityGroup": obj{"name": name}})
		y.refused(t, 404, "itemNotFound", "no-such-group", "POST", "nova", "/servers/"+server+"/action",
			obj{"addSecurityGroup": obj{"name": "no-such-group"}})
	}},
	{"a server is imaged", func(t *testing.T, y *novaEnv) {
		server, name := y.common(t), shared.mark+"-image"
		out := y.act(t, server, obj{"createImage": obj{"name": name, "metadata": obj{"purpose": "backup"}}})
		id := out.text("image_id")
		require.NotEmpty(t, id)
		y.later(t, "glance", "/images/"+id)
		got := y.awaitImage(t, id, "active")
		assert.Equal(t, name, got.text("name"))
		assert.Equal(t, "backup", got.text("purpose"))
		assert.Equal(t, "snapshot", got.text("image_type"))
		assert.Equal(t, y.image, got.text("base_image_ref"))
		assert.Equal(t, server, got.text("instance_uuid"))
		assert.Equal(t, "private", got.text("visibility"))
		y.await(t, server, "ACTIVE")
		built := y.boot(t, obj{"imageRef": id})
		assert.Equal(t, id, y.want(t, 200, "GET", "nova", "/servers/"+built, nil).text("server", "image", "id"))
	}},
	{"old microversions say where the image is", func(t *testing.T, y *novaEnv) {
		server := y.common(t)
		out := y.want(t, 202, "POST", "nova", "/servers/"+server+"/action", obj{"createImage": obj{"name": shared.mark + "-old"}},
			"OpenStack-API-Version", "")
		_, id, found := strings.Cut(out.header.Get("Location"), "/images/")
		require.True(t, found, "%v", out.header)
		y.later(t, "glance", "/images/"+id)
		y.awaitImage(t, id, "active")
		y.await(t, server, "ACTIVE")
	}},
	{"an image without a name is malformed", func(t *testing.T, y *novaEnv) {
		y.refused(t, 400, "badRequest", "'name' is a required property", "POST", "nova", "/servers/"+y.common(t)+"/action",
			obj{"createImage": obj{}})
	}},
	{"a server on a volume is imaged by a snapshot", func(t *testing.T, y *novaEnv) {
		server := y.volumeBacked(t)
		got := y.want(t, 200, "GET", "nova", "/servers/"+server, nil)
		assert.Equal(t, "", got.at("server", "image"))
		volume := got.text("server", "os-extended-volumes:volumes_attached", 0, "id")
		require.NotEmpty(t, volume)
		assert.Equal(t, "true", y.awaitVolume(t, volume, "in-use").text("volume", "bootable"))
		id := y.act(t, server, obj{"createImage": obj{"name": shared.mark + "-backed"}}).text("image_id")
		require.NotEmpty(t, id)
		image := y.awaitImage(t, id, "active")
		assert.Equal(t, 0.0, image.at("size"))
		assert.Contains(t, image.text("block_device_mapping"), `"source_type": "snapshot"`)
		snapshots := y.want(t, 200, "GET", "cinder", "/snapshots?volume_id="+volume, nil).list("snapshots")
		require.Len(t, snapshots, 1)
		assert.Equal(t, "snapshot for "+shared.mark+"-backed", str(snapshots[0], "name"))
		y.later(t, "cinder", "/snapshots/"+str(snapshots[0], "id"))
		y.later(t, "glance", "/images/"+id)
	}},
	{"the disk of a server goes with it when asked", func(t *testing.T, y *novaEnv) {
		server := y.volumeBacked(t)
		volume := y.want(t, 200, "GET", "nova", "/servers/"+server, nil).text("server", "os-extended-volumes:volumes_attached", 0, "id")
		y.want(t, 204, "DELETE", "nova", "/servers/"+server, nil)
		until(t, "the volume to go", func() bool { return y.ask(t, "GET", "cinder", "/volumes/"+volume, nil).status == 404 })
	}},
}
