package cinder

import (
	"mycloudmanager/sandbox/sim"
)

// steps are the actions that only change a volume's status.
var steps = map[string]struct{ from, to, verb string }{
	"os-reserve":         {"available", "attaching", "reserve"},
	"os-unreserve":       {"attaching", "available", "unreserve"},
	"os-begin_detaching": {"in-use", "detaching", "begin detaching"},
	"os-roll_detaching":  {"detaching", "in-use", "roll detaching"},
}

// volumeAction handles POST /volumes/{id}/action.
// https://docs.openstack.org/api-ref/block-storage/v3/#volume-actions-volumes-action
func (s *Service) volumeAction(r *sim.Request) (any, error) {
	o, err := s.find(r, Volumes, "Volume", r.ID())
	if err != nil {
		return nil, err
	}
	for verb, raw := range r.Body {
		args, _ := raw.(sim.Document)
		if st, ok := steps[verb]; ok {
			return nil, s.step(o, st.from, st.to, st.verb)
		}
		if (verb == "os-reset_status" || verb == "os-force_delete") && !r.Actor.Admin() {
			return nil, s.Deny(r)
		}
		switch verb {
		case "os-extend":
			return nil, s.extend(r, o, sim.Int(args, "new_size"))
		case "os-force_delete":
			s.dropAttachments(r.ID())
			s.cloud.Delete(Volumes, r.ID())
			return nil, nil
		case "os-detach":
			s.dropAttachments(r.ID())
			o["status"] = "available"
		case "os-set_bootable":
			o["bootable"] = sim.Text(args["bootable"])
			s.touch(Volumes, o)
			return sim.Reply{Status: 200}, nil
		case "os-attach":
			return nil, s.attachDirectly(o, args)
		default:
			if !note(verb, o, args) {
				return nil, sim.BadRequest("There is no such action: %s", verb)
			}
		}
	}
	s.touch(Volumes, o)
	return nil, nil
}

// note handles the actions that only write attributes of the volume.
func note(verb string, o, args sim.Document) bool {
	switch verb {
	case "os-reset_status":
		o["status"] = args["status"]
	case "os-set_image_metadata":
		o["volume_image_metadata"] = sim.Map(args, "metadata")
	case "os-update_readonly_flag":
		sim.Map(o, "metadata")["readonly"] = sim.Text(args["readonly"])
	default:
		return false
	}
	return true
}

func (s *Service) step(o sim.Document, from, to, verb string) error {
	if sim.Str(o, "status") != from {
		return sim.BadRequest("Invalid volume: Unable to %s volume %s: its status is %s, not %s.", verb,
			sim.Str(o, "id"), sim.Str(o, "status"), from)
	}
	o["status"] = to
	s.touch(Volumes, o)
	return nil
}

func (s *Service) attachDirectly(o, args sim.Document) error {
	if err := s.step(o, "attaching", "in-use", "attach"); err != nil {
		return err
	}
	id := sim.UUID()
	s.cloud.Put(Attachments, sim.Document{"id": id, "volume_id": o["id"], "instance": args["instance_uuid"],
		"attach_status": "attached", "attached_at": sim.Stamp(s.cloud.Now(), sim.Micros), "detached_at": nil,
		"_device": args["mountpoint"], "_project_id": o["_project_id"]})
	return nil
}

func (s *Service) extend(r *sim.Request, o sim.Document, size int) error {
	status := sim.Str(o, "status")
	if status != "available" && status != "in-use" {
		return sim.BadRequest("Invalid volume: Volume %s status must be '('available', 'in-use')' to extend, currently %s.",
			sim.Str(o, "id"), status)
	}
	have := sim.Int(o, "size")
	if size <= have {
		return sim.BadRequest("Invalid input received: New size for extend must be greater than current size. "+
			"(current: %d, extended: %d).", have, size)
	}
	if err := s.spend(r, "", 0, size-have); err != nil {
		return err
	}
	o["status"] = "extending"
	s.touch(Volumes, o)
	s.later(creating, Volumes, sim.Str(o, "id"), "extending", status, sim.Document{"size": size})
	return nil
}

func (s *Service) dropAttachments(volume string) {
	for _, a := range s.cloud.With(Attachments, "volume_id", volume) {
		s.cloud.Delete(Attachments, sim.Str(a, "id"))
	}
}
