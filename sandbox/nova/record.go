package nova

import (
	"maps"
	"slices"

	"mycloudmanager/sandbox/glance"
	"mycloudmanager/sandbox/sim"
)

// Actions is the document kind of instance actions.
const Actions = "nova/actions"

// recorded maps server actions to their names in the instance action log.
var recorded = map[string]string{"os-start": "start", "os-stop": "stop", "reboot": "reboot", "rebuild": "rebuild", "resize": "resize",
	"confirmResize": "confirmResize", "revertResize": "revertResize", "pause": "pause", "unpause": "unpause", "suspend": "suspend",
	"resume": "resume", "createImage": "createImage", "lock": "lock", "unlock": "unlock"}

// actionRoutes registers the instance actions API.
// https://docs.openstack.org/api-ref/compute/#servers-actions-servers-os-instance-actions
func (s *Service) actionRoutes() {
	const path = "/v2.1/servers/{id}/os-instance-actions"
	s.Handle("GET "+path, 200, func(r *sim.Request) (any, error) {
		if _, err := s.find(r, r.ID()); err != nil {
			return nil, err
		}
		docs, _, err := r.Page(sim.Newest(s.cloud.With(Actions, "instance_uuid", r.ID())), 1000)
		return sim.Document{"instanceActions": sim.Views(docs, viewAction)}, err
	})
	s.Handle("GET "+path+"/{request}", 200, func(r *sim.Request) (any, error) {
		if _, err := s.find(r, r.ID()); err != nil {
			return nil, err
		}
		for _, a := range s.cloud.With(Actions, "instance_uuid", r.ID()) {
			if sim.Str(a, "request_id") == r.PathValue("request") {
				return sim.Document{"instanceAction": sim.Merge(viewAction(a), sim.Document{"events": []any{}})}, nil
			}
		}
		return nil, sim.NotFound("Action for request_id %s on instance %s not found", r.PathValue("request"), r.ID())
	})
}

func viewAction(a sim.Document) sim.Document {
	out := maps.Clone(a)
	delete(out, "id")
	return out
}

// record logs a requested action; actions without a name are not logged.
func (s *Service) record(r *sim.Request, o sim.Document, action string) {
	if action == "" {
		return
	}
	now := sim.Stamp(s.cloud.Now(), sim.Micros)
	s.cloud.Put(Actions, sim.Document{"id": sim.UUID(), "action": action, "instance_uuid": o["id"], "request_id": "req-" + sim.UUID(),
		"user_id": r.Actor.UserID, "project_id": r.Actor.ProjectID, "start_time": now, "updated_at": now, "message": nil})
}

// imageOfVolumes creates an image without data that refers to snapshots of the server's volumes.
func (s *Service) imageOfVolumes(r *sim.Request, o, args sim.Document) (any, error) {
	var mapping []any
	for _, a := range s.attachments(sim.Str(o, "id")) {
		volume := s.cloud.Get("cinder/volumes", sim.Str(a, "volume_id"))
		made, err := r.Call("cinder", "POST", "/snapshots", sim.Document{"snapshot": sim.Document{"volume_id": volume["id"], "force": true,
			"name": "snapshot for " + sim.Str(args, "name")}})
		if err != nil {
			return nil, err
		}
		var index any
		if sim.Str(a, "_device") == "/dev/vda" {
			index = 0
		}
		mapping = append(mapping, sim.Document{"boot_index": index, "source_type": "snapshot", "destination_type": "volume", "device_name": a["_device"],
			"snapshot_id": sim.Map(made, "snapshot")["id"], "volume_size": volume["size"], "volume_type": nil, "volume_id": nil,
			"delete_on_termination": sim.Bool(a, "_ephemeral"), "device_type": "disk", "disk_bus": "virtio", "image_id": nil,
			"guest_format": nil, "no_device": nil, "tag": nil})
	}
	body := sim.Document{"name": args["name"], "visibility": "private", "disk_format": "qcow2", "container_format": "bare", "bdm_v2": "True",
		"root_device_name": "/dev/vda", "block_device_mapping": python(mapping)}
	maps.Copy(body, sim.Map(args, "metadata"))
	image, err := r.Call("glance", "POST", "/v2/images", body)
	if err != nil {
		return nil, err
	}
	glance.Empty(s.cloud, sim.Str(image, "id"))
	return imaged(r, sim.Str(image, "id")), nil
}

// python formats JSON as Python's encoder does, with a space after colons and commas: some clients match this
// text.
func python(list []any) string {
	var out []byte
	quoted := false
	for _, c := range sim.JSON(list) {
		if c == '"' {
			quoted = !quoted // escaped quotes do not occur here
		}
		if out = append(out, c); !quoted && slices.Contains([]byte(":,"), c) {
			out = append(out, ' ')
		}
	}
	return string(out)
}
