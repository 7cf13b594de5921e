package nova

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// states maps a vm_state to the status and power state that the API shows.
var states = map[string]struct {
	status string
	power  int
}{"active": {"ACTIVE", 1}, "stopped": {"SHUTOFF", 4}, "paused": {"PAUSED", 3}, "suspended": {"SUSPENDED", 4},
	"resized": {"VERIFY_RESIZE", 1}}

// change is an action that only changes the state.
type change struct {
	verb, task, to, during string
	from                   []string
}

var changes = map[string]change{
	"os-stop":       {"stop", "powering-off", "stopped", "", []string{"active", "rescued", "error"}},
	"os-start":      {"start", "powering-on", "active", "", []string{"stopped"}},
	"pause":         {"pause", "pausing", "paused", "", []string{"active"}},
	"unpause":       {"unpause", "unpausing", "active", "", []string{"paused"}},
	"suspend":       {"suspend", "suspending", "suspended", "", []string{"active"}},
	"resume":        {"resume", "resuming", "active", "", []string{"suspended"}},
	"reboot":        {"reboot", "rebooting", "active", "REBOOT", []string{"active", "stopped", "paused", "suspended", "error"}},
	"rebuild":       {"rebuild", "rebuilding", "active", "REBUILD", []string{"active", "stopped", "error"}},
	"resize":        {"resize", "resize_prep", "resized", "RESIZE", []string{"active", "stopped"}},
	"revertResize":  {"revertResize", "resize_reverting", "active", "REVERT_RESIZE", []string{"resized"}},
	"confirmResize": {"confirmResize", "", "active", "", []string{"resized"}},
}

// allowed refuses an action that the server's state does not permit, with Nova's message.
func allowed(o sim.Document, verb string, from []string) error {
	if task := sim.Str(o, "OS-EXT-STS:task_state"); task != "" {
		return sim.Conflict("Cannot '%s' instance %s while it is in task_state %s", verb, sim.Str(o, "id"), task)
	}
	if vm := sim.Str(o, "OS-EXT-STS:vm_state"); !slices.Contains(from, vm) {
		return sim.Conflict("Cannot '%s' instance %s while it is in vm_state %s", verb, sim.Str(o, "id"), vm)
	}
	return nil
}

// action handles POST /servers/{id}/action.
// https://docs.openstack.org/api-ref/compute/#servers-run-an-action-servers-action
func (s *Service) action(r *sim.Request) (any, error) {
	o, err := s.find(r, r.ID())
	if err != nil {
		return nil, err
	}
	for verb, raw := range r.Body {
		args, _ := raw.(sim.Document)
		s.record(r, o, recorded[verb])
		if c, ok := changes[verb]; ok {
			return s.change(r, o, verb, c, args)
		}
		switch verb {
		case "createImage":
			return s.createImage(r, o, args)
		case "os-getConsoleOutput":
			return sim.Reply{Status: 200, Body: sim.Document{"output": tail(s.Console(o), sim.Int(args, "length"))}}, nil
		case "addSecurityGroup", "removeSecurityGroup":
			return nil, s.changeGroup(o, sim.Str(args, "name"), verb == "addSecurityGroup")
		case "lock", "unlock":
			o["locked"], o["locked_reason"] = verb == "lock", args["locked_reason"]
			s.touch(o)
			return nil, nil
		case "os-resetState":
			if !r.Actor.Admin() {
				return nil, s.Deny(r)
			}
			return nil, s.reset(o, sim.Str(args, "state"))
		}
		return nil, sim.BadRequest("There is no such action: %s", verb)
	}
	return nil, sim.BadRequest("Malformed request body")
}

func tail(text string, lines int) string {
	all := strings.SplitAfter(text, "\n")
	if lines > 0 && len(all) > lines {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "")
}

func (s *Service) reset(o sim.Document, state string) error {
	if state == "error" {
		sim.Merge(o, sim.Document{"status": "ERROR", "OS-EXT-STS:vm_state": "error", "OS-EXT-STS:task_state": nil})
		s.touch(o)
		return nil
	}
	s.enter(o, "active")
	return nil
}

func locked(o sim.Document) error { return sim.Conflict("Instance %s is locked", sim.Str(o, "id")) }

func (s *Service) change(r *sim.Request, o sim.Document, verb string, c change, args sim.Document) (any, error) {
	if sim.Bool(o, "locked") && !r.Actor.Admin() {
		return nil, locked(o)
	}
	if kind := sim.Text(args["type"]); verb == "reboot" && !slices.Contains([]string{"SOFT", "HARD"}, strings.ToUpper(kind)) {
		return nil, sim.BadRequest("Invalid input for field/attribute type. Value: %s. '%s' is not one of ['HARD', 'Hard', 'hard', 'SOFT', "+
			"'Soft', 'soft']", kind, kind)
	}
	if err := allowed(o, c.verb, c.from); err != nil {
		return nil, err
	}
	if verb == "confirmResize" {
		s.enter(o, "active")
		return sim.Reply{Status: 204}, nil
	}
	if err := s.prepare(r, o, verb, args); err != nil {
		return nil, err
	}
	if c.during != "" {
		o["status"] = c.during
		if verb == "reboot" && strings.EqualFold(sim.Str(args, "type"), "hard") {
			o["status"] = "HARD_REBOOT"
		}
	}
	if verb == "rebuild" || verb == "reboot" {
		o["OS-EXT-STS:power_state"] = 4
	}
	s.later(o, switching, c.task, c.to)
	if verb == "rebuild" {
		return sim.Document{"server": sim.Merge(s.view(r, o), sim.Document{"adminPass": sim.Secret(9)})}, nil
	}
	return nil, nil
}

// prepare does the work of an action that precedes the state change.
func (s *Service) prepare(r *sim.Request, o sim.Document, verb string, args sim.Document) error {
	switch verb {
	case "rebuild":
		return s.rebuild(o, args)
	case "resize":
		return s.resize(r, o, sim.Str(args, "flavorRef"))
	case "revertResize":
		o["_flavor"] = o["_old_flavor"]
	}
	return nil
}

func (s *Service) rebuild(o, args sim.Document) error {
	image := sim.Str(args, "imageRef")
	if s.cloud.Get("glance/images", image) == nil {
		return sim.BadRequest("Cannot find image for rebuild")
	}
	if err := s.checkImage(image, sim.Document{}); err != nil {
		return err
	}
	sim.Merge(o, sim.Only(args, "name", "description", "metadata", "key_name"))
	if data, ok := args["user_data"]; ok {
		o["_user_data"] = data
	}
	o["_image"], o["_rebuilt"] = image, sim.Stamp(s.cloud.Now(), sim.Expiry)
	s.bringBack(sim.Str(o, "id"), image)
	return nil
}

func (s *Service) resize(r *sim.Request, o sim.Document, ref string) error {
	flavor := s.flavor(ref)
	if flavor == nil {
		return sim.BadRequest("Flavor %s could not be found.", ref)
	}
	old := sim.Map(o, "_flavor")
	if sim.Str(old, "id") == sim.Str(flavor, "id") {
		return sim.BadRequest("When resizing, instances must change flavor!")
	}
	more := sim.Document{"vcpus": sim.Int(flavor, "vcpus") - sim.Int(old, "vcpus"), "ram": sim.Int(flavor, "ram") - sim.Int(old, "ram")}
	if err := s.spendCores(r, more, 1); err != nil {
		return err
	}
	o["_old_flavor"], o["_flavor"] = old, sim.Copy(sim.Public(flavor))
	return nil
}

// createImage creates a queued image immediately and uploads its data shortly after.
func (s *Service) createImage(r *sim.Request, o, args sim.Document) (any, error) {
	if err := allowed(o, "createImage", []string{"active", "stopped", "paused", "suspended"}); err != nil {
		return nil, err
	}
	if sim.Str(args, "name") == "" {
		return nil, sim.BadRequest("Invalid input for field/attribute createImage. Value: %s. 'name' is a required property", sim.JSON(args))
	}
	if sim.Str(o, "_image") == "" {
		return s.imageOfVolumes(r, o, args)
	}
	base := s.cloud.Get("glance/images", sim.Str(o, "_image"))
	body := sim.Document{"name": args["name"], "disk_format": "qcow2", "container_format": "bare", "visibility": "private",
		"image_type": "snapshot", "instance_uuid": o["id"], "base_image_ref": o["_image"], "user_id": o["user_id"],
		"image_location": "snapshot", "image_state": "available", "owner_id": o["tenant_id"],
		"min_disk": sim.Int(sim.Map(o, "_flavor"), "disk"), "min_ram": 0}
	maps.Copy(body, sim.Only(base, "os_distro", "os_version", "architecture"))
	maps.Copy(body, sim.Map(args, "metadata"))
	image, err := r.Call("glance", "POST", "/v2/images", body)
	if err != nil {
		return nil, err
	}
	id := sim.Str(image, "id")
	o["OS-EXT-STS:task_state"] = "image_uploading"
	s.touch(o)
	s.cloud.After(imaging, "nova.snapshotted", sim.Document{"id": o["id"], "image": id})
	return imaged(r, id), nil
}

// imaged returns the image id in the response format of the microversion.
func imaged(r *sim.Request, id string) sim.Reply {
	reply := sim.Reply{Header: map[string]string{"Location": r.Root() + "/image/v2/images/" + id}}
	if microversion(r) >= 45 {
		reply = sim.Reply{Body: sim.Document{"image_id": id}}
	}
	return reply
}

func (s *Service) changeGroup(o sim.Document, name string, add bool) error {
	ids := s.groupIDs(sim.Document{"_groups": []any{name}, "tenant_id": o["tenant_id"]})
	if len(ids) == 0 {
		return sim.NotFound("Security group %s not found for project %s.", name, sim.Str(o, "tenant_id"))
	}
	if !add && !slices.ContainsFunc(s.ports(sim.Str(o, "id")), func(p sim.Document) bool { return slices.Contains(sim.List(p, "security_groups"), ids[0]) }) {
		return sim.NotFound("Security group %s not associated with the instance %s", name, sim.Str(o, "id"))
	}
	for _, p := range s.ports(sim.Str(o, "id")) {
		groups := slices.DeleteFunc(slices.Clone(sim.List(p, "security_groups")), func(g any) bool { return g == ids[0] })
		if add {
			groups = append(groups, ids[0])
		}
		_, err := s.call(o, "neutron", "PUT", "/v2.0/ports/"+sim.Str(p, "id"),
			sim.Document{"port": sim.Document{"security_groups": groups}})
		if err != nil {
			return err
		}
	}
	return nil
}

// hostID is the per-project hash that hides the hypervisor's name.
func hostID(project, host string) string {
	sum := sha256.Sum224([]byte(project + host))
	return hex.EncodeToString(sum[:])
}
