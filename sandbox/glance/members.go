package glance

import (
	"slices"

	"mycloudmanager/sandbox/sim"
)

// Members is the document kind of image members: projects that an image is shared with.
const Members = "glance/members"

// memberRoutes registers image sharing. https://docs.openstack.org/api-ref/image/v2/#sharing
func (s *Service) memberRoutes() {
	const path = "/v2/images/{id}/members"
	s.Handle("GET "+path, 200, func(r *sim.Request) (any, error) {
		if _, err := s.find(r, false); err != nil {
			return nil, err
		}
		return sim.Document{"members": sim.Views(s.cloud.With(Members, "image_id", r.ID()), viewMember), "schema": "/v2/schemas/members"}, nil
	})
	s.Handle("POST "+path, 200, s.share)
	s.Handle("PUT "+path+"/{member}", 200, s.respond)
	s.Handle("DELETE "+path+"/{member}", 204, func(r *sim.Request) (any, error) {
		if _, err := s.find(r, true); err != nil {
			return nil, err
		}
		if s.member(r.ID(), r.PathValue("member")) == nil {
			return nil, sim.NotFound("%s not found in the member list of the image %s.", r.PathValue("member"), r.ID())
		}
		s.cloud.Delete(Members, r.ID()+"/"+r.PathValue("member"))
		return nil, nil
	})
}

func (s *Service) member(image, project string) sim.Document {
	return s.cloud.Get(Members, image+"/"+project)
}

// shared reports whether an image is shared with the caller's project and either accepted or explicitly
// requested.
func (s *Service) shared(r *sim.Request, o sim.Document) bool {
	m := s.member(sim.Str(o, "id"), r.Actor.ProjectID)
	want := r.Query("member_status")
	if want == "" {
		want = "accepted"
	}
	return m != nil && (want == "all" || sim.Str(m, "status") == want)
}

func viewMember(m sim.Document) sim.Document {
	return sim.Merge(sim.Only(m, "member_id", "image_id", "status", "created_at", "updated_at"), sim.Document{"schema": "/v2/schemas/member"})
}

func (s *Service) share(r *sim.Request) (any, error) {
	o, err := s.find(r, true)
	if err != nil {
		return nil, err
	}
	if sim.Str(o, "visibility") != "shared" {
		return nil, sim.Forbidden("Only shared images have members.")
	}
	project := sim.Str(r.Body, "member")
	if s.member(r.ID(), project) != nil {
		return nil, sim.Conflict("Member %s is duplicated for image %s", project, r.ID())
	}
	now := sim.Stamp(s.cloud.Now(), sim.Zulu)
	m := sim.Document{"id": r.ID() + "/" + project, "member_id": project, "image_id": r.ID(), "status": "pending", "created_at": now, "updated_at": now}
	s.cloud.Put(Members, m)
	return viewMember(m), nil
}

// respond accepts or rejects an image on behalf of the member project.
func (s *Service) respond(r *sim.Request) (any, error) {
	m := s.member(r.ID(), r.PathValue("member"))
	if m == nil || (r.PathValue("member") != r.Actor.ProjectID && !r.Actor.Admin()) {
		return nil, sim.NotFound("No image found with ID %s", r.ID())
	}
	if !slices.Contains([]string{"pending", "accepted", "rejected"}, sim.Str(r.Body, "status")) {
		return nil, sim.BadRequest("Provided object does not match schema 'member'")
	}
	m["status"], m["updated_at"] = r.Body["status"], sim.Stamp(s.cloud.Now(), sim.Zulu)
	s.cloud.Put(Members, m)
	return viewMember(m), nil
}
