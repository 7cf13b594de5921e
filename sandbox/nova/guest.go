package nova

import (
	"mycloudmanager/sandbox/glance"
	"mycloudmanager/sandbox/sim"
)

// inside is the kind of documents of what was changed on servers after their first boot: who is let in, and
// which agents are there. It lies on their disk.
const inside = "hosts/inside"

// keepInside has a snapshot hold what is on the server's disk.
func (s *Service) keepInside(server, image string) {
	o, disk := s.cloud.Get(glance.Images, image), s.cloud.Get(inside, server)
	if o == nil || disk == nil {
		return
	}
	o["_inside"] = sim.Copy(disk)
	s.cloud.Put(glance.Images, o)
}

// bringBack gives a server the disk of an image.
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
