package nova

import (
	"mycloudmanager/sandbox/glance"
	"mycloudmanager/sandbox/sim"
)

// inside is the document kind of changes made on servers after their first boot: authorized keys and installed
// agents. They are part of the server's disk.
const inside = "hosts/inside"

// keepInside copies the content of the server's disk to a snapshot.
func (s *Service) keepInside(server, image string) {
	o, disk := s.cloud.Get(glance.Images, image), s.cloud.Get(inside, server)
	if o == nil || disk == nil {
		return
	}
	o["_inside"] = sim.Copy(disk)
	s.cloud.Put(glance.Images, o)
}

// bringBack restores a server's disk from an image.
func (s *Service) bringBack(server, image string) {
	disk := sim.Map(s.cloud.Get(glance.Images, image), "_inside")
	if disk == nil {
		if s.cloud.Get(inside, server) != nil {
			s.cloud.Delete(inside, server)
		}
		return
	}
	s.cloud.Put(inside, sim.Merge(sim.Copy(disk), sim.Document{"id": server}))
}
