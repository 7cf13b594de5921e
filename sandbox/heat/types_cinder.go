package heat

import (
	"fmt"

	"mycloudmanager/sandbox/sim"
)

var volumes = collection{"cinder", "/volumes", "volume", "cinder/volumes"}

func cinderTypes() map[string]resourceType {
	return map[string]resourceType{
		"OS::Cinder::Volume": {properties: []string{"name", "size", "description", "volume_type", "metadata", "availability_zone",
			"image", "snapshot_id", "source_volid", "scheduler_hints", "read_only", "backup_id", "imageRef"},
			create: func(t *task) (string, error) {
				return volumes.post(t, t.named("size", "description", "volume_type", "metadata", "availability_zone", "snapshot_id", "source_volid"))
			},
			ready: volumeReady, update: updateVolume, remove: volumes.remove, deleted: volumes.deleted, attribute: volumes.attribute},
		"OS::Cinder::VolumeAttachment": attachmentType(),
	}
}

func volumeReady(t *task) (bool, error) {
	o, err := volumes.get(t)
	if err != nil {
		return false, err
	}
	switch status := sim.Str(o, "status"); status {
	case "available", "in-use":
		return true, nil
	case "error", "error_extending":
		return false, fmt.Errorf("ResourceInError: Went to status %s due to \"Unknown\"", status)
	}
	return false, nil
}

func updateVolume(t *task, old sim.Document) (bool, error) {
	for _, k := range changed(old, t.props) {
		switch k {
		case "name", "description", "metadata":
		case "size":
			if sim.Int(t.props, "size") < sim.Int(old, "size") {
				return false, nil
			}
			_, err := t.call("cinder", "POST", volumes.path+"/"+t.physical()+"/action",
				sim.Document{"os-extend": sim.Document{"new_size": sim.Int(t.props, "size")}})
			if err != nil {
				return true, err
			}
		default:
			return false, nil
		}
	}
	_, err := t.call("cinder", "PUT", volumes.path+"/"+t.physical(), sim.Document{"volume": t.named("description", "metadata")})
	return true, err
}

// attachmentType is the type of a volume attachment: the physical id is the volume's, the server is in the
// properties.
func attachmentType() resourceType {
	status := func(t *task, want string) (bool, error) {
		out, err := t.call("cinder", "GET", volumes.path+"/"+t.physical(), nil)
		return sim.Str(sim.Map(out, "volume"), "status") == want, err
	}
	path := func(t *task, props sim.Document) string {
		return servers.path + "/" + sim.Str(props, "instance_uuid") + "/os-volume_attachments"
	}
	return resourceType{properties: []string{"instance_uuid", "volume_id", "mountpoint"},
		create: func(t *task) (string, error) {
			_, err := t.call("nova", "POST", path(t, t.props), sim.Document{"volumeAttachment": sim.Document{"volumeId": t.props["volume_id"]}})
			return sim.Str(t.props, "volume_id"), err
		},
		ready: func(t *task) (bool, error) { return status(t, "in-use") },
		remove: func(t *task) error {
			_, err := t.call("nova", "DELETE", path(t, sim.Map(t.res, "_props"))+"/"+t.physical(), nil)
			return err
		},
		deleted: func(t *task) (bool, error) { return status(t, "available") }}
}
