package cinder

import (
	"cmp"
	"maps"
	"net/url"
	"regexp"
	"slices"

	"mycloudmanager/sandbox/sim"
)

func (s *Service) volumeRoutes() {
	s.Handle("GET /volumes", 200, func(r *sim.Request) (any, error) {
		return page(r, "volumes", s.mine(r, Volumes), brief(r, "volumes"))
	})
	s.Handle("GET /volumes/detail", 200, func(r *sim.Request) (any, error) {
		docs := byMetadata(s.mine(r, Volumes), r.URL.Query())
		return page(r, "volumes", docs, func(o sim.Document) sim.Document { return s.view(r, o) })
	})
	s.Handle("POST /volumes", 202, s.createVolume)
	s.Handle("GET /volumes/{id}", 200, func(r *sim.Request) (any, error) {
		o, err := s.find(r, Volumes, "Volume", r.ID())
		if err != nil {
			return nil, err
		}
		return sim.Document{"volume": s.view(r, o)}, nil
	})
	s.Handle("PUT /volumes/{id}", 200, s.updateVolume)
	s.Handle("DELETE /volumes/{id}", 202, s.deleteVolume)
	s.Handle("GET /volumes/{id}/metadata", 200, func(r *sim.Request) (any, error) {
		o, err := s.find(r, Volumes, "Volume", r.ID())
		return sim.Document{"metadata": sim.Map(o, "metadata")}, err
	})
	s.Handle("POST /volumes/{id}/metadata", 200, s.setMetadata(false))
	s.Handle("PUT /volumes/{id}/metadata", 200, s.setMetadata(true))
	s.Handle("DELETE /volumes/{id}/metadata/{key}", 200, s.unsetMetadata)
	s.Handle("POST /volumes/{id}/action", 202, s.volumeAction)
}

// pair matches one entry of a Python dict of strings.
var pair = regexp.MustCompile(`u?['"]([^'"]*)['"]\s*:\s*u?['"]([^'"]*)['"]`)

// byMetadata filters volumes by metadata={'k': 'v'}, a Python dict.
func byMetadata(docs []sim.Document, q url.Values) []sim.Document {
	for _, p := range pair.FindAllStringSubmatch(q.Get("metadata"), -1) {
		docs = slices.DeleteFunc(slices.Clone(docs), func(o sim.Document) bool {
			have, ok := sim.Map(o, "metadata")[p[1]]
			return !ok || sim.Text(have) != p[2]
		})
	}
	return docs
}

func (s *Service) view(r *sim.Request, o sim.Document) sim.Document {
	out := sim.Public(o)
	attached := []any{}
	for _, a := range s.cloud.With(Attachments, "volume_id", sim.Str(o, "id")) {
		if sim.Str(a, "attach_status") == "attached" {
			attached = append(attached, sim.Document{"id": o["id"], "volume_id": o["id"], "attachment_id": a["id"],
				"server_id": a["instance"], "host_name": nil, "device": a["_device"], "attached_at": a["attached_at"]})
		}
	}
	out["attachments"], out["links"] = attached, links(r, "volumes", sim.Str(o, "id"))
	return out
}

func (s *Service) createVolume(r *sim.Request) (any, error) {
	in := sim.Map(r.Body, "volume")
	if err := valid(in); err != nil {
		return nil, err
	}
	size, err := s.wantedSize(r, in)
	if err != nil {
		return nil, err
	}
	source := s.sourceOf(in)
	kind := cmp.Or(sim.Str(in, "volume_type"), sim.Str(source, "volume_type"), DefaultType)
	if s.findType(kind) == nil {
		return nil, sim.NotFound("Volume type with name %s could not be found.", kind)
	}
	if err := s.spend(r, "volumes", 1, size); err != nil {
		return nil, err
	}
	now := sim.Stamp(s.cloud.Now(), sim.Micros)
	meta := sim.Map(in, "metadata")
	if meta == nil {
		meta = sim.Document{}
	}
	o := sim.Document{"id": sim.UUID(), "name": sim.Str(in, "name"), "description": in["description"], "size": size,
		"status": "creating", "volume_type": sim.Str(s.findType(kind), "name"), "metadata": meta,
		"availability_zone": "nova", "bootable": "false", "encrypted": false, "multiattach": false,
		"snapshot_id": in["snapshot_id"], "source_volid": in["source_volid"], "consistencygroup_id": nil,
		"created_at": now, "updated_at": now, "user_id": r.Actor.UserID, "replication_status": nil,
		"migration_status": nil, "os-vol-tenant-attr:tenant_id": r.Scope(), "_project_id": r.Scope()}
	sim.Merge(o, sim.Only(source, "bootable", "volume_image_metadata"))
	if err := s.ofImage(o, sim.Str(in, "imageRef")); err != nil {
		return nil, err
	}
	s.cloud.Put(Volumes, o)
	s.later(creating, Volumes, sim.Str(o, "id"), "creating", "available", nil)
	return sim.Document{"volume": s.view(r, o)}, nil
}

// sourceOf returns the volume that a new volume is cloned from, directly or by a snapshot. The new volume
// inherits its type and whether it is bootable.
func (s *Service) sourceOf(in sim.Document) sim.Document {
	id := sim.Str(in, "source_volid")
	if snapshot := s.cloud.Get(Snapshots, sim.Str(in, "snapshot_id")); snapshot != nil {
		id = sim.Str(snapshot, "volume_id")
	}
	return s.cloud.Get(Volumes, id)
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// valid refuses a malformed request.
func valid(in sim.Document) error {
	size := sim.Text(in["size"])
	if in["size"] == nil && sim.Str(in, "snapshot_id") == "" && sim.Str(in, "source_volid") == "" {
		return sim.BadRequest("The server could not comply with the request since it is either malformed or otherwise incorrect.")
	}
	if size == "0" {
		return sim.BadRequest("Invalid input for field/attribute size. Value: 0. 0 is less than the minimum of 1")
	}
	if in["size"] != nil && !digits.MatchString(size) {
		return sim.BadRequest("Invalid input for field/attribute size. Value: %s. '%s' does not match '^[0-9]+$'", size, size)
	}
	return nil
}

// ofImage records the image that a volume is created from. It refuses an image that does not exist or has no
// data yet.
func (s *Service) ofImage(o sim.Document, id string) error {
	if id == "" {
		return nil
	}
	image := s.cloud.Get("glance/images", id)
	if image == nil {
		return sim.BadRequest("Invalid image identifier or unable to access requested image.")
	}
	if sim.Str(image, "status") != "active" {
		return sim.BadRequest("Invalid input received: Image %s is not active. (HTTP 400)", id)
	}
	o["bootable"] = "true"
	about := sim.Document{"image_id": id, "image_name": image["name"]}
	for _, k := range []string{"checksum", "container_format", "disk_format", "min_disk", "min_ram", "size", "os_distro", "os_version"} {
		if v := sim.Text(image[k]); v != "" {
			about[k] = v
		}
	}
	o["volume_image_metadata"] = about
	return nil
}

// wantedSize returns the size of a new volume, which must be at least that of its source.
func (s *Service) wantedSize(r *sim.Request, in sim.Document) (int, error) {
	size, least, source := sim.Int(in, "size"), 0, ""
	for field, kind := range map[string]string{"snapshot_id": Snapshots, "source_volid": Volumes} {
		if id := sim.Str(in, field); id != "" {
			o, err := s.find(r, kind, map[string]string{Snapshots: "Snapshot", Volumes: "Volume"}[kind], id)
			if err != nil {
				return 0, err
			}
			least, source = sim.Int(o, "size")+sim.Int(o, "volume_size"), field
		}
	}
	if size == 0 && in["size"] == nil {
		size = least
	}
	if size <= 0 {
		return 0, sim.BadRequest("Invalid input received: Volume size '%s' must be an integer and greater than 0.",
			sim.Text(in["size"]))
	}
	switch {
	case size < least && source == "snapshot_id":
		return 0, sim.BadRequest("Invalid input received: Volume size '%d'GB cannot be smaller than the snapshot size %dGB. They must be >= "+
			"original snapshot size.", size, least)
	case size < least:
		return 0, sim.BadRequest("Invalid input received: Volume size '%d'GB cannot be smaller than original volume size  %dGB. They must be >= "+
			"original volume size.", size, least)
	}
	return size, nil
}

func (s *Service) updateVolume(r *sim.Request) (any, error) {
	o, err := s.find(r, Volumes, "Volume", r.ID())
	if err != nil {
		return nil, err
	}
	s.touch(Volumes, sim.Merge(o, sim.Only(sim.Map(r.Body, "volume"), "name", "description", "metadata")))
	return sim.Document{"volume": s.view(r, o)}, nil
}

var deletable = []string{"available", "error", "error_restoring", "error_extending", "error_managing"}

func (s *Service) deleteVolume(r *sim.Request) (any, error) {
	o, err := s.find(r, Volumes, "Volume", r.ID())
	if err != nil {
		return nil, err
	}
	if !slices.Contains(deletable, sim.Str(o, "status")) || len(s.cloud.With(Snapshots, "volume_id", r.ID())) > 0 {
		return nil, sim.BadRequest("Invalid volume: Volume status must be available or error or error_restoring or " +
			"error_extending or error_managing and must not be migrating, attached, belong to a group, have snapshots, " +
			"awaiting a transfer, or be disassociated from snapshots after volume transfer.")
	}
	o["status"] = "deleting"
	s.touch(Volumes, o)
	s.cloud.After(deleting, "cinder.gone", sim.Document{"kind": Volumes, "id": r.ID()})
	return nil, nil
}

func (s *Service) setMetadata(replace bool) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o, err := s.find(r, Volumes, "Volume", r.ID())
		if err != nil {
			return nil, err
		}
		meta := sim.Document{}
		if !replace {
			maps.Copy(meta, sim.Map(o, "metadata"))
		}
		o["metadata"] = sim.Merge(meta, sim.Map(r.Body, "metadata"))
		s.touch(Volumes, o)
		return sim.Document{"metadata": meta}, nil
	}
}

func (s *Service) unsetMetadata(r *sim.Request) (any, error) {
	o, err := s.find(r, Volumes, "Volume", r.ID())
	if err != nil {
		return nil, err
	}
	meta, key := sim.Map(o, "metadata"), r.PathValue("key")
	if _, ok := meta[key]; !ok {
		return nil, sim.NotFound("Metadata item was not found")
	}
	delete(meta, key)
	s.touch(Volumes, o)
	return nil, nil
}
