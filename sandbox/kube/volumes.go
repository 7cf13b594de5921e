package kube

import (
	"crypto/sha256"
	"encoding/hex"

	"mycloudmanager/sandbox/sim"
)

// cinder is the CSI driver whose volumes exist in the simulated block storage service.
const cinder = "cinder.csi.openstack.org"

// bind binds claims to volumes and deletes released claims and volumes.
func (s *Service) bind() (waits bool) {
	for _, claim := range s.all("persistentvolumeclaims") {
		switch {
		case dying(claim):
			if !s.claimUsed(claim) {
				s.erase(typed("persistentvolumeclaims"), claim)
			}
		case phase(claim) == "Pending":
			s.bindOne(claim)
		}
	}
	for _, pv := range s.all("persistentvolumes") {
		ref := sim.Map(spec(pv), "claimRef")
		claim := s.object("persistentvolumeclaims", sim.Str(ref, "namespace"), sim.Str(ref, "name"))
		bound := claim != nil && sim.Str(ref, "uid") == uid(claim)
		switch {
		case dying(pv) && !bound:
			s.erase(typed("persistentvolumes"), pv)
		case phase(pv) == "Bound" && !bound:
			statusOf(pv)["phase"] = "Released"
			s.save("persistentvolumes", pv)
			s.reclaim(pv)
		}
	}
	return false
}

func (s *Service) claimUsed(claim sim.Document) bool {
	for _, pod := range s.all("pods") {
		if namespace(pod) == namespace(claim) && phase(pod) != "Succeeded" && phase(pod) != "Failed" {
			for _, c := range claims(pod) {
				if c == name(claim) {
					return true
				}
			}
		}
	}
	return false
}

// claims returns the names of the claims that a pod mounts.
func claims(pod sim.Document) []string {
	var out []string
	for _, v := range sim.Objs(spec(pod), "volumes") {
		if c := sim.Str(sim.Map(v, "persistentVolumeClaim"), "claimName"); c != "" {
			out = append(out, c)
		}
	}
	return out
}

func (s *Service) bindOne(claim sim.Document) {
	pv := s.match(claim)
	if pv == nil {
		s.provision(claim)
		return
	}
	spec(pv)["claimRef"] = sim.Document{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace(claim),
		"name": name(claim), "uid": uid(claim)}
	pv["status"] = sim.Document{"phase": "Bound"}
	s.save("persistentvolumes", pv)
	spec(claim)["volumeName"] = name(pv)
	claim["status"] = sim.Document{"phase": "Bound", "capacity": sim.Map(spec(pv), "capacity"), "accessModes": sim.List(spec(pv), "accessModes")}
	annotate(claim, "pv.kubernetes.io/bind-completed", "yes")
	s.save("persistentvolumeclaims", claim)
}

func annotate(o sim.Document, k, v string) {
	a := sim.Map(metadata(o), "annotations")
	if a == nil {
		a = sim.Document{}
		metadata(o)["annotations"] = a
	}
	a[k] = v
}

// match returns the volume that a claim names, or one that is reserved for this claim.
func (s *Service) match(claim sim.Document) sim.Document {
	if n := sim.Str(spec(claim), "volumeName"); n != "" {
		pv := s.object("persistentvolumes", "", n)
		ref := sim.Map(spec(pv), "claimRef")
		if pv == nil || dying(pv) || phase(pv) == "Released" || (ref != nil && sim.Str(ref, "name") != name(claim)) ||
			(sim.Str(ref, "uid") != "" && sim.Str(ref, "uid") != uid(claim)) {
			return nil
		}
		return pv
	}
	for _, pv := range s.all("persistentvolumes") {
		ref := sim.Map(spec(pv), "claimRef")
		if phase(pv) == "Available" && sim.Str(ref, "name") == name(claim) && sim.Str(ref, "namespace") == namespace(claim) {
			return pv
		}
	}
	return nil
}

// provision creates a volume for a claim of the cluster's storage class.
func (s *Service) provision(claim sim.Document) {
	class, given := spec(claim)["storageClassName"].(string)
	if sim.Str(spec(claim), "volumeName") != "" || (given && class != "cinder") {
		return
	}
	size := gibibytes(sim.Str(sim.Map(sim.Map(spec(claim), "resources"), "requests"), "storage"))
	out, err := s.cloud.Call(s.actor(), "cinder", "POST", "/volumes", sim.Document{"volume": sim.Document{"size": size, "name": "pvc-" + uid(claim),
		"metadata": sim.Document{"kubernetes.io/created-for/pvc/name": name(claim)}}})
	if err != nil {
		s.event(claim, "Warning", "ProvisioningFailed", err.Error())
		return
	}
	s.make(typed("persistentvolumes"), "", sim.Document{"metadata": sim.Document{"name": "pvc-" + uid(claim)}, "spec": sim.Document{
		"capacity": sim.Document{"storage": sim.Text(size) + "Gi"}, "accessModes": sim.List(spec(claim), "accessModes"),
		"persistentVolumeReclaimPolicy": "Delete", "storageClassName": "cinder",
		"claimRef": sim.Document{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace(claim), "name": name(claim)},
		"csi":      sim.Document{"driver": cinder, "volumeHandle": sim.Map(out, "volume")["id"], "fsType": "ext4"}}})
}

func gibibytes(quantity string) int {
	n := sim.ToInt(trimUnit(quantity))
	return max(n, 1)
}

func trimUnit(q string) string {
	for i, r := range q {
		if r < '0' || r > '9' {
			return q[:i]
		}
	}
	return q
}

// reclaim deletes the Cinder volume of a deleted PersistentVolume if its reclaim policy is Delete.
func (s *Service) reclaim(pv sim.Document) {
	if sim.Str(spec(pv), "persistentVolumeReclaimPolicy") != "Delete" {
		return
	}
	handle := sim.Str(sim.Map(spec(pv), "csi"), "volumeHandle")
	if _, err := s.cloud.Call(s.actor(), "cinder", "DELETE", "/volumes/"+handle, nil); err != nil {
		s.event(pv, "Warning", "VolumeFailedDelete", err.Error())
		return
	}
	s.erase(typed("persistentvolumes"), pv)
}

// volumesOf returns the volumes of a pod's claims; false while one of the claims is not bound.
func (s *Service) volumesOf(pod sim.Document) (pvs []sim.Document, bound bool) {
	for _, c := range claims(pod) {
		claim := s.object("persistentvolumeclaims", namespace(pod), c)
		if claim == nil || phase(claim) != "Bound" {
			return nil, false
		}
		if pv := s.object("persistentvolumes", "", sim.Str(spec(claim), "volumeName")); pv != nil {
			pvs = append(pvs, pv)
		}
	}
	return pvs, true
}

func attachmentName(pv sim.Document, node string) string {
	csi := sim.Map(spec(pv), "csi")
	sum := sha256.Sum256([]byte(sim.Str(csi, "volumeHandle") + sim.Str(csi, "driver") + node))
	return "csi-" + hex.EncodeToString(sum[:])
}

// attachments attaches the volumes of scheduled pods to their servers and detaches the volumes that no pod
// uses.
func (s *Service) attachments() (waits bool) {
	wanted := map[string]bool{}
	for _, pod := range s.all("pods") {
		node := sim.Str(spec(pod), "nodeName")
		if node == "" || phase(pod) == "Succeeded" || phase(pod) == "Failed" {
			continue
		}
		pvs, _ := s.volumesOf(pod)
		for _, pv := range pvs {
			if sim.Str(sim.Map(spec(pv), "csi"), "driver") != cinder {
				continue
			}
			n := attachmentName(pv, node)
			wanted[n] = true
			if s.object("volumeattachments", "", n) == nil && !dying(pod) {
				s.make(typed("volumeattachments"), "", sim.Document{"metadata": sim.Document{"name": n}, "status": sim.Document{"attached": false},
					"spec": sim.Document{"attacher": cinder, "nodeName": node, "source": sim.Document{"persistentVolumeName": name(pv)}}})
			}
		}
	}
	for _, va := range s.all("volumeattachments") {
		if wanted[name(va)] && !dying(va) {
			waits = s.attach(va) || waits
		} else {
			s.detach(va)
			waits = true
		}
	}
	return waits
}

// behind returns the server and the Cinder volume of a VolumeAttachment.
func (s *Service) behind(va sim.Document) (server, volume string) {
	node := s.object("nodes", "", sim.Str(spec(va), "nodeName"))
	pv := s.object("persistentvolumes", "", sim.Str(sim.Map(spec(va), "source"), "persistentVolumeName"))
	if node != nil && sim.Str(va, "_server") == "" {
		va["_server"] = serverOf(node)
	}
	if pv != nil && sim.Str(va, "_volume") == "" {
		va["_volume"] = sim.Str(sim.Map(spec(pv), "csi"), "volumeHandle")
	}
	return sim.Str(va, "_server"), sim.Str(va, "_volume")
}

// connection returns Cinder's attachment of a volume to a server.
func (s *Service) connection(server, volume string) sim.Document {
	for _, a := range s.cloud.With("cinder/attachments", "volume_id", volume) {
		if sim.Str(a, "instance") == server {
			return a
		}
	}
	return nil
}

func (s *Service) attach(va sim.Document) (waits bool) {
	if sim.Bool(statusOf(va), "attached") {
		return false
	}
	server, volume := s.behind(va)
	if a := s.connection(server, volume); a != nil {
		if sim.Str(a, "attach_status") == "attached" {
			va["status"] = sim.Document{"attached": true, "attachmentMetadata": sim.Document{"DevicePath": a["_device"]}}
			s.save("volumeattachments", va)
		}
		return true
	}
	if !s.past(sim.Str(va, "_tried"), starting) && sim.Str(va, "_tried") != "" {
		return true
	}
	va["_tried"] = s.micros()
	_, err := s.cloud.Call(s.actor(), "nova", "POST", "/v2.1/servers/"+server+"/os-volume_attachments",
		sim.Document{"volumeAttachment": sim.Document{"volumeId": volume}})
	va["status"] = sim.Document{"attached": false}
	if err != nil {
		va["status"] = sim.Document{"attached": false, "attachError": sim.Document{"time": s.stamp(), "message": err.Error()}}
		s.notifyPods(va, err.Error())
	}
	s.save("volumeattachments", va)
	return true
}

// notifyPods records an event on the pods that wait for a volume.
func (s *Service) notifyPods(va sim.Document, text string) {
	for _, pod := range s.all("pods") {
		pvs, _ := s.volumesOf(pod)
		for _, pv := range pvs {
			if attachmentName(pv, sim.Str(spec(pod), "nodeName")) == name(va) {
				s.event(pod, "Warning", "FailedAttachVolume", "AttachVolume.Attach failed for volume \""+name(pv)+"\" : rpc error: "+
					"code = Internal desc = [ControllerPublishVolume] Attach Volume failed with error "+text)
			}
		}
	}
}

func (s *Service) detach(va sim.Document) {
	server, volume := s.behind(va)
	a := s.connection(server, volume)
	if a == nil {
		s.erase(typed("volumeattachments"), va)
		return
	}
	if !dying(va) {
		metadata(va)["deletionTimestamp"] = s.stamp()
		s.save("volumeattachments", va)
	}
	if sim.Str(s.cloud.Get("cinder/volumes", volume), "status") != "detaching" && (sim.Str(va, "_left") == "" || s.past(sim.Str(va, "_left"), starting)) {
		va["_left"] = s.micros()
		_, err := s.cloud.Call(s.actor(), "nova", "DELETE", "/v2.1/servers/"+server+"/os-volume_attachments/"+volume, nil)
		if err != nil {
			statusOf(va)["detachError"] = sim.Document{"time": s.stamp(), "message": err.Error()}
		}
		s.save("volumeattachments", va)
	}
}
