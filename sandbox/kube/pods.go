package kube

import (
	"fmt"
	"slices"

	"mycloudmanager/sandbox/sim"
)

// pods advances every pod by one step: scheduling, volumes, start, termination.
func (s *Service) pods() (waits bool) {
	for _, pod := range s.all("pods") {
		switch {
		case dying(pod):
			waits = s.stop(pod) || waits
		case phase(pod) == "Succeeded" || phase(pod) == "Failed":
		case sim.Str(spec(pod), "nodeName") == "":
			waits = true
			s.schedule(pod)
		case phase(pod) == "Pending" || !holds(pod, "Ready"):
			waits = s.start(pod) || waits
		case ownerKind(pod) == "Job" && s.past(sim.Str(pod, "_ready"), starting):
			s.finish(pod)
		}
	}
	return waits
}

func ownerKind(pod sim.Document) string {
	for _, ref := range sim.Objs(metadata(pod), "ownerReferences") {
		return sim.Str(ref, "kind")
	}
	return ""
}

// schedule assigns the pod to the node with the fewest pods; masters are a last resort.
func (s *Service) schedule(pod sim.Document) {
	load := map[string]int{}
	for _, p := range s.all("pods") {
		load[sim.Str(spec(p), "nodeName")]++
	}
	best, ready := "", 0
	for _, n := range s.all("nodes") {
		if !holds(n, "Ready") || sim.Bool(spec(n), "unschedulable") || !selects(sim.Map(spec(pod), "nodeSelector"), labels(n)) {
			continue
		}
		ready++
		weight := load[name(n)]
		if sim.Str(labels(n), "node-role.kubernetes.io/control-plane") != "" {
			weight += 1000
		}
		load[name(n)] = weight
		if best == "" || weight < load[best] {
			best = name(n)
		}
	}
	if best == "" {
		text := fmt.Sprintf("0/%d nodes are available: %d node(s) were not ready or did not match.", len(s.all("nodes")), len(s.all("nodes"))-ready)
		if s.condition(pod, "PodScheduled", "False", "Unschedulable", text) {
			s.event(pod, "Warning", "FailedScheduling", text)
			s.save("pods", pod)
		}
		return
	}
	spec(pod)["nodeName"] = best
	s.condition(pod, "PodScheduled", "True", "", "")
	s.event(pod, "Normal", "Scheduled", "Successfully assigned "+namespace(pod)+"/"+name(pod)+" to "+best)
	s.save("pods", pod)
}

func selects(want, have sim.Document) bool {
	for k, v := range want {
		if sim.Text(have[k]) != sim.Text(v) {
			return false
		}
	}
	return true
}

// start waits for the volumes of a scheduled pod and then starts its containers.
func (s *Service) start(pod sim.Document) (waits bool) {
	node := s.object("nodes", "", sim.Str(spec(pod), "nodeName"))
	if node == nil || !holds(node, "Ready") {
		return false // the next change of the node schedules a beat
	}
	pvs, bound := s.volumesOf(pod)
	for _, pv := range pvs {
		va := s.object("volumeattachments", "", attachmentName(pv, name(node)))
		if sim.Str(sim.Map(spec(pv), "csi"), "driver") == cinder && !sim.Bool(statusOf(va), "attached") {
			bound = false
		}
	}
	if !bound {
		s.creating(pod)
		return true
	}
	if sim.Str(pod, "_mounted") == "" {
		pod["_mounted"] = s.micros()
		s.creating(pod)
		s.save("pods", pod)
		for _, pv := range pvs {
			s.event(pod, "Normal", "SuccessfulAttachVolume", "AttachVolume.Attach succeeded for volume \""+name(pv)+"\"")
		}
		return true
	}
	if !s.past(sim.Str(pod, "_mounted"), starting) {
		return true
	}
	s.run(pod, node)
	return true
}

// creating sets the containers to ContainerCreating.
func (s *Service) creating(pod sim.Document) {
	list := containers(pod, func(string) sim.Document {
		return sim.Document{"ready": false, "started": false, "restartCount": 0, "state": sim.Document{"waiting": sim.Document{"reason": "ContainerCreating"}}}
	})
	changed := string(sim.JSON(statusOf(pod)["containerStatuses"])) != string(sim.JSON(list))
	statusOf(pod)["containerStatuses"], statusOf(pod)["phase"] = list, "Pending"
	for _, c := range []string{"Ready", "ContainersReady"} {
		changed = s.condition(pod, c, "False", "ContainersNotReady", "containers are being created") || changed
	}
	if changed {
		s.save("pods", pod)
	}
}

func containers(pod sim.Document, state func(image string) sim.Document) []any {
	var out []any
	for _, c := range sim.Objs(spec(pod), "containers") {
		out = append(out, sim.Merge(sim.Document{"name": c["name"], "image": c["image"], "imageID": ""}, state(sim.Str(c, "image"))))
	}
	return out
}

func (s *Service) run(pod, node sim.Document) {
	st := statusOf(pod)
	st["phase"], st["hostIP"], st["startTime"] = "Running", s.address(serverOf(node)), s.stamp()
	if sim.Str(st, "podIP") == "" {
		st["podIP"] = s.podIP()
		st["podIPs"] = []any{sim.Document{"ip": st["podIP"]}}
	}
	st["containerStatuses"] = containers(pod, func(image string) sim.Document {
		return sim.Document{"ready": true, "started": true, "restartCount": 0, "imageID": image, "containerID": "containerd://" + sim.RandomHex(16),
			"state": sim.Document{"running": sim.Document{"startedAt": s.stamp()}}}
	})
	for _, c := range []string{"Initialized", "ContainersReady", "Ready"} {
		s.condition(pod, c, "True", "", "")
	}
	pod["_ready"] = s.micros()
	s.event(pod, "Normal", "Started", "Started containers")
	s.save("pods", pod)
}

func (s *Service) podIP() string {
	used := map[string]bool{}
	for _, p := range s.all("pods") {
		used[sim.Str(statusOf(p), "podIP")] = true
	}
	for i := 2; ; i++ {
		if ip := fmt.Sprintf("10.42.%d.%d", i/250, i%250+1); !used[ip] {
			return ip
		}
	}
}

// finish completes a pod that runs to completion.
func (s *Service) finish(pod sim.Document) {
	statusOf(pod)["phase"] = "Succeeded"
	statusOf(pod)["containerStatuses"] = containers(pod, func(string) sim.Document {
		return sim.Document{"ready": false, "restartCount": 0, "state": sim.Document{"terminated": sim.Document{"exitCode": 0, "reason": "Completed", "finishedAt": s.stamp()}}}
	})
	s.condition(pod, "Ready", "False", "PodCompleted", "")
	s.save("pods", pod)
}

// stop terminates a pod whose deletion was requested, if its node is reachable.
func (s *Service) stop(pod sim.Document) (waits bool) {
	node := s.object("nodes", "", sim.Str(spec(pod), "nodeName"))
	if node != nil && !holds(node, "Ready") {
		return false // it stays Terminating, because its state is unknown
	}
	if !s.past(sim.Str(pod, "_stopped"), stopping) {
		return true
	}
	s.erase(typed("pods"), pod)
	return true
}

// endpoints lists the addresses of the ready pods of each Service.
func (s *Service) endpoints() bool {
	for _, svc := range s.all("services") {
		want := sim.Map(spec(svc), "selector")
		if want == nil {
			continue
		}
		addresses := []any{}
		for _, pod := range s.all("pods") {
			if namespace(pod) == namespace(svc) && selects(want, labels(pod)) && holds(pod, "Ready") && !dying(pod) {
				addresses = append(addresses, sim.Document{"addresses": []any{statusOf(pod)["podIP"]}, "nodeName": spec(pod)["nodeName"],
					"conditions": sim.Document{"ready": true}, "targetRef": sim.Document{"kind": "Pod", "name": name(pod), "namespace": namespace(pod)}})
			}
		}
		s.slice(svc, addresses)
	}
	for _, slice := range s.all("endpointslices") {
		if s.object("services", namespace(slice), sim.Str(labels(slice), "kubernetes.io/service-name")) == nil {
			s.erase(typed("endpointslices"), slice)
		}
	}
	return false
}

func (s *Service) slice(svc sim.Document, addresses []any) {
	slices.SortFunc(addresses, func(a, b any) int { return len(sim.JSON(a)) - len(sim.JSON(b)) })
	var ports []any
	for _, p := range sim.Objs(spec(svc), "ports") {
		ports = append(ports, sim.Only(p, "name", "port", "protocol"))
	}
	old := s.object("endpointslices", namespace(svc), name(svc))
	if old == nil {
		old = s.make(typed("endpointslices"), namespace(svc), sim.Document{"addressType": "IPv4", "endpoints": []any{},
			"metadata": owned(typed("services"), svc, name(svc), sim.Document{"kubernetes.io/service-name": name(svc)})})
	}
	if string(sim.JSON(old["endpoints"])) != string(sim.JSON(addresses)) || string(sim.JSON(old["ports"])) != string(sim.JSON(ports)) {
		old["endpoints"], old["ports"] = addresses, ports
		s.save("endpointslices", old)
	}
}
