package nova

import (
	"errors"

	"mycloudmanager/sandbox/sim"
)

// volumeRoutes registers the volume attachments API.
// https://docs.openstack.org/api-ref/compute/#servers-with-volume-attachments-servers-os-volume-attachments
func (s *Service) volumeRoutes() {
	const path = "/v2.1/servers/{id}/os-volume_attachments"
	s.Handle("GET "+path, 200, func(r *sim.Request) (any, error) {
		if _, err := s.find(r, r.ID()); err != nil {
			return nil, err
		}
		return sim.Document{"volumeAttachments": sim.Views(s.attachments(r.ID()), s.viewAttachment)}, nil
	})
	s.Handle("POST "+path, 200, s.attach)
	s.Handle("GET "+path+"/{volume}", 200, func(r *sim.Request) (any, error) {
		a, err := s.attachment(r)
		if err != nil {
			return nil, err
		}
		return sim.Document{"volumeAttachment": s.viewAttachment(a)}, nil
	})
	s.Handle("DELETE "+path+"/{volume}", 202, s.detach)
}

func (s *Service) attachments(server string) []sim.Document {
	return s.cloud.With("cinder/attachments", "instance", server)
}

func (s *Service) viewAttachment(a sim.Document) sim.Document {
	return sim.Document{"id": a["volume_id"], "volumeId": a["volume_id"], "serverId": a["instance"], "device": a["_device"],
		"tag": nil, "delete_on_termination": sim.Bool(a, "_ephemeral"), "attachment_id": a["id"], "bdm_uuid": a["id"]}
}

func (s *Service) attachment(r *sim.Request) (sim.Document, error) {
	if _, err := s.find(r, r.ID()); err != nil {
		return nil, err
	}
	for _, a := range s.attachments(r.ID()) {
		if sim.Str(a, "volume_id") == r.PathValue("volume") {
			return a, nil
		}
	}
	if s.cloud.Get("cinder/volumes", r.PathValue("volume")) == nil {
		return nil, sim.NotFound("Volume %s could not be found.", r.PathValue("volume"))
	}
	return nil, sim.NotFound("volume_id not found: %s", r.PathValue("volume"))
}

func (s *Service) attach(r *sim.Request) (any, error) {
	o, err := s.find(r, r.ID())
	if err != nil {
		return nil, err
	}
	in := sim.Map(r.Body, "volumeAttachment")
	if err := allowed(o, "attach_volume", []string{"active", "stopped", "paused", "suspended", "resized"}); err != nil {
		return nil, err
	}
	for _, a := range s.cloud.With("cinder/attachments", "volume_id", sim.Str(in, "volumeId")) {
		return nil, sim.BadRequest("Invalid volume: volume %s is already attached to instances: %s",
			sim.Str(a, "volume_id"), sim.Str(a, "instance"))
	}
	a, err := s.reserve(o, sim.Str(in, "volumeId"), sim.Bool(in, "delete_on_termination"))
	var f *sim.Fault
	if errors.As(err, &f) && f.Status == 400 {
		return nil, sim.BadRequest("Invalid input received: %s (HTTP 400) (Request-ID: req-%s)", f.Message, sim.UUID())
	}
	if err != nil {
		return nil, err
	}
	s.cloud.After(attaching, "nova.attached", sim.Document{"attachment": a["id"], "server": o["id"]})
	return sim.Document{"volumeAttachment": s.viewAttachment(a)}, nil
}

// reserve attaches a volume to the server under the next free device name.
func (s *Service) reserve(o sim.Document, volume string, ephemeral bool) (sim.Document, error) {
	taken := map[string]bool{}
	for _, a := range s.attachments(sim.Str(o, "id")) {
		taken[sim.Str(a, "_device")] = true
	}
	taken["/dev/vda"] = sim.Str(o, "_image") != "" // the local root disk
	device := "/dev/vda"
	for letter := 'b'; taken[device]; letter++ {
		device = "/dev/vd" + string(letter)
	}
	out, err := s.call(o, "cinder", "POST", "/attachments", sim.Document{"attachment": sim.Document{
		"volume_uuid": volume, "instance_uuid": o["id"], "_device": device}})
	if err != nil {
		return nil, err
	}
	a := s.cloud.Get("cinder/attachments", sim.Str(sim.Map(out, "attachment"), "id"))
	a["_ephemeral"] = ephemeral
	s.cloud.Put("cinder/attachments", a)
	return a, nil
}

func (s *Service) attached(args sim.Document) {
	o, id := s.cloud.Get(Servers, sim.Str(args, "server")), sim.Str(args, "attachment")
	if o == nil || s.cloud.Get("cinder/attachments", id) == nil {
		return
	}
	_, err := s.call(o, "cinder", "POST", "/attachments/"+id+"/action", sim.Document{"os-complete": nil})
	s.note(err, "completing an attachment")
}

func (s *Service) detach(r *sim.Request) (any, error) {
	a, err := s.attachment(r)
	if err != nil {
		return nil, err
	}
	o := s.cloud.Get(Servers, r.ID())
	if err := allowed(o, "detach_volume", []string{"active", "stopped", "paused", "suspended", "resized"}); err != nil {
		return nil, err
	}
	_, err = s.call(o, "cinder", "POST", "/volumes/"+sim.Str(a, "volume_id")+"/action", sim.Document{"os-begin_detaching": nil})
	if err != nil {
		return nil, sim.BadRequest("Invalid input received: %s", err)
	}
	s.cloud.After(attaching, "nova.detached", sim.Document{"attachment": a["id"], "server": o["id"], "volume": a["volume_id"]})
	return nil, nil
}

func (s *Service) detached(args sim.Document) {
	o := s.cloud.Get(Servers, sim.Str(args, "server"))
	if o == nil {
		return
	}
	_, err := s.call(o, "cinder", "DELETE", "/attachments/"+sim.Str(args, "attachment"), nil)
	if err != nil {
		s.note(err, "detaching a volume")
		_, err = s.call(o, "cinder", "POST", "/volumes/"+sim.Str(args, "volume")+"/action", sim.Document{"os-roll_detaching": nil})
		s.note(err, "rolling a detachment back")
	}
}

// bootVolumes creates and reserves the volumes of a new server.
func (s *Service) bootVolumes(o sim.Document) error {
	for _, v := range sim.List(o, "_disks") {
		disk, _ := v.(sim.Document)
		if sim.Str(disk, "destination_type") != "volume" {
			continue
		}
		id := sim.Str(disk, "uuid")
		if source := sim.Str(disk, "source_type"); source != "volume" {
			body := sim.Document{"size": disk["volume_size"], "name": ""}
			switch source {
			case "image":
				body["imageRef"] = id
			case "snapshot":
				body["snapshot_id"] = id
			}
			out, err := s.call(o, "cinder", "POST", "/volumes", sim.Document{"volume": body})
			if err != nil {
				return err
			}
			id = sim.Str(sim.Map(out, "volume"), "id")
			made := s.cloud.Get("cinder/volumes", id)
			made["status"] = "available" // in Nova the build waits for the volume
			s.cloud.Put("cinder/volumes", made)
		}
		a, err := s.reserve(o, id, sim.Bool(disk, "delete_on_termination"))
		if err != nil {
			return err
		}
		s.cloud.After(attaching, "nova.attached", sim.Document{"attachment": a["id"], "server": o["id"]})
	}
	return nil
}
