package kube

import (
	"strings"
	"time"

	"mycloudmanager/sandbox/sim"
)

// cluster returns the state of the running cluster, with its stack and token, or nil.
func (s *Service) cluster() sim.Document { return s.cloud.Get(meta, "cluster") }

// role returns the cluster role of a server, or "".
func role(server sim.Document) string { return sim.Str(sim.Map(server, "metadata"), "mcm:role") }

// members returns the servers of a stack that run Kubernetes.
func (s *Service) members(stack string) []sim.Document {
	return s.cloud.Where("nova/servers", func(o sim.Document) bool {
		return sim.Str(sim.Map(o, "metadata"), "mcm:stack") == stack && (role(o) == "master" || role(o) == "node")
	})
}

// up reports whether a server has been active long enough for k3s to run.
func (s *Service) up(server sim.Document) bool {
	booted, err := time.Parse(sim.Expiry, sim.Str(server, "_booted"))
	return err == nil && sim.Str(server, "status") == "ACTIVE" && s.cloud.Now().Sub(booted) >= s.cloud.Scale(joining)
}

// arm schedules a beat unless one is already scheduled.
func (s *Service) arm() {
	if !s.armed {
		s.armed = true
		s.cloud.Poll(beat, "kube.beat", sim.Document{})
	}
}

// beat is a timer: it runs every controller and reschedules itself while one of them is waiting. Changes
// schedule a beat as well.
func (s *Service) beat(sim.Document) {
	s.armed = false
	waits := s.live()
	if s.cluster() != nil {
		for _, control := range []func() bool{s.nodes, s.bind, s.workloads, s.pods, s.attachments, s.endpoints} {
			waits = control() || waits
		}
	}
	if waits {
		s.arm()
	}
}

// live starts the cluster once the first master of a complete stack is up, and deletes it with all its objects
// when the stack is deleted.
func (s *Service) live() (waits bool) {
	if c := s.cluster(); c != nil {
		stack := s.cloud.Get("heat/stacks", sim.Str(c, "stack"))
		if stack == nil || len(s.members(sim.Str(stack, "stack_name"))) == 0 {
			s.end()
		}
		return false
	}
	for _, stack := range s.cloud.All("heat/stacks") {
		for _, server := range s.members(sim.Str(stack, "stack_name")) {
			if !strings.HasSuffix(sim.Str(stack, "stack_status"), "_COMPLETE") || role(server) != "master" {
				waits = waits || role(server) == "master"
				continue
			}
			if s.up(server) {
				s.begin(stack)
				return true
			}
			waits = waits || sim.Str(server, "status") == "ACTIVE"
		}
	}
	return waits
}

func (s *Service) end() {
	s.cloud.Delete(meta, "cluster")
	for _, t := range resources {
		for _, o := range s.cloud.All(t.store()) {
			s.cloud.Delete(t.store(), sim.Str(o, "id"))
		}
	}
	s.log = journal{}
}

// begin creates a new cluster with the objects that k3s deploys.
func (s *Service) begin(stack sim.Document) {
	s.cloud.Put(meta, sim.Document{"id": "cluster", "stack": stack["id"], "token": "K10" + sim.RandomHex(32), "_actor": stack["_actor"]})
	for _, ns := range []string{"default", "kube-system", "kube-public", "kube-node-lease"} {
		s.make(typed("namespaces"), "", sim.Document{"metadata": sim.Document{"name": ns, "labels": sim.Document{"kubernetes.io/metadata.name": ns}},
			"spec": sim.Document{"finalizers": []any{"kubernetes"}}})
		s.make(typed("serviceaccounts"), ns, sim.Document{"metadata": sim.Document{"name": "default"}})
	}
	s.make(typed("services"), "default", sim.Document{"metadata": sim.Document{"name": "kubernetes", "labels": sim.Document{"component": "apiserver"}},
		"spec": sim.Document{"clusterIP": "10.43.0.1", "ports": []any{sim.Document{"name": "https", "port": 443, "targetPort": 6443}}}})
	s.make(typed("services"), "kube-system", sim.Document{"metadata": sim.Document{"name": "kube-dns", "labels": sim.Document{"k8s-app": "kube-dns"}},
		"spec": sim.Document{"clusterIP": "10.43.0.10", "ports": []any{sim.Document{"name": "dns", "port": 53, "protocol": "UDP"}}}})
	s.make(typed("csidrivers"), "", sim.Document{"metadata": sim.Document{"name": cinder},
		"spec": sim.Document{"attachRequired": true, "podInfoOnMount": true}})
	s.make(typed("storageclasses"), "", sim.Document{"metadata": sim.Document{"name": "cinder",
		"annotations": sim.Document{"storageclass.kubernetes.io/is-default-class": "true"}}, "provisioner": cinder,
		"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate", "allowVolumeExpansion": true})
}

// actor is the identity of the cluster's controllers at the cloud: the owner of the stack.
func (s *Service) actor() sim.Actor { return sim.ActorOf(sim.Map(s.cluster(), "_actor")) }

// nodes creates a Node for every server that has joined and updates its Ready condition.
func (s *Service) nodes() (waits bool) {
	stack := s.cloud.Get("heat/stacks", sim.Str(s.cluster(), "stack"))
	seen := map[string]bool{}
	for _, server := range s.members(sim.Str(stack, "stack_name")) {
		id := sim.Str(server, "id")
		seen[id] = true
		node := s.nodeOf(id)
		ready := s.up(server)
		waits = waits || (!ready && sim.Str(server, "status") == "ACTIVE")
		if node == nil && ready {
			node = s.join(server)
		}
		if node != nil {
			s.setReady(node, ready)
		}
	}
	for _, node := range s.all("nodes") {
		if id := serverOf(node); !seen[id] {
			s.setReady(node, false)
			waits = true
			if s.past(sim.Str(node, "_lost"), forgetting) { // as the cloud controller does when the server is missing
				s.erase(typed("nodes"), node)
			}
		}
	}
	return waits || s.evict()
}

// past reports whether more than d, at the cloud's speed, has elapsed since moment (formatted as micros).
func (s *Service) past(moment string, d time.Duration) bool {
	t, err := time.Parse(sim.Expiry, moment)
	return err == nil && s.cloud.Now().Sub(t) >= s.cloud.Scale(d)
}

func serverOf(node sim.Document) string {
	return strings.TrimPrefix(sim.Str(spec(node), "providerID"), "openstack:///")
}

func (s *Service) nodeOf(server string) sim.Document {
	for _, node := range s.all("nodes") {
		if serverOf(node) == server {
			return node
		}
	}
	return nil
}

// address returns the first address of a server.
func (s *Service) address(server string) string {
	for _, p := range s.cloud.With("neutron/ports", "device_id", server) {
		for _, ip := range sim.Objs(p, "fixed_ips") {
			return sim.Str(ip, "ip_address")
		}
	}
	return ""
}

func (s *Service) join(server sim.Document) sim.Document {
	n, id := sim.Str(server, "name"), sim.Str(server, "id")
	flavor := sim.Map(server, "_flavor")
	set := sim.Document{"kubernetes.io/hostname": n, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
		"node.kubernetes.io/instance-type": flavor["name"], "topology.kubernetes.io/zone": "nova"}
	if role(server) == "master" {
		set["node-role.kubernetes.io/control-plane"] = "true"
	}
	size := sim.Document{"cpu": sim.Text(flavor["vcpus"]), "memory": sim.Text(flavor["ram"]) + "Mi", "pods": "110"}
	return s.make(typed("nodes"), "", sim.Document{"metadata": sim.Document{"name": n, "labels": set},
		"spec": sim.Document{"providerID": "openstack:///" + id, "podCIDR": "10.42." + sim.Text(len(s.all("nodes"))) + ".0/24"},
		"status": sim.Document{"capacity": size, "allocatable": size,
			"addresses": []any{sim.Document{"type": "InternalIP", "address": s.address(id)}, sim.Document{"type": "Hostname", "address": n}},
			"nodeInfo": sim.Document{"kubeletVersion": Version, "kubeProxyVersion": Version, "containerRuntimeVersion": "containerd://2.1.4-k3s1",
				"osImage": "Debian GNU/Linux 12 (bookworm)", "operatingSystem": "linux", "architecture": "amd64", "kernelVersion": "6.1.0",
				"machineID": id, "systemUUID": id, "bootID": id}}})
}

func (s *Service) setReady(node sim.Document, ready bool) {
	var changed bool
	if ready {
		changed = s.condition(node, "Ready", "True", "KubeletReady", "kubelet is posting ready status")
		delete(node, "_lost")
	} else {
		changed = s.condition(node, "Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
		if sim.Str(node, "_lost") == "" {
			node["_lost"], changed = s.micros(), true
		}
	}
	if changed {
		s.taint(node, !ready)
		s.save("nodes", node)
	}
}

const unreachable = "node.kubernetes.io/unreachable"

func (s *Service) taint(node sim.Document, lost bool) {
	var taints []any
	for _, t := range sim.Objs(spec(node), "taints") {
		if sim.Str(t, "key") != unreachable {
			taints = append(taints, t)
		}
	}
	if lost {
		taints = append(taints, sim.Document{"key": unreachable, "effect": "NoExecute", "timeAdded": s.stamp()})
	}
	spec(node)["taints"] = taints
	if taints == nil {
		delete(spec(node), "taints")
	}
}

// evict marks the pods of a lost node for deletion after the eviction time. They stay Terminating until the
// node is Ready again, deleted, or tainted as out of service.
// https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/#non-graceful-node-shutdown
func (s *Service) evict() (waits bool) {
	for _, pod := range s.all("pods") {
		node := s.object("nodes", "", sim.Str(spec(pod), "nodeName"))
		switch {
		case sim.Str(spec(pod), "nodeName") == "":
		case node == nil || outOfService(node):
			s.erase(typed("pods"), pod)
		case !holds(node, "Ready"):
			if s.condition(pod, "Ready", "False", "NodeNotReady", "the node is lost") {
				s.save("pods", pod)
			}
			if !dying(pod) && s.past(sim.Str(node, "_lost"), eviction) {
				s.kill(typed("pods"), pod, false, false)
			}
			waits = waits || !dying(pod)
		}
	}
	return waits
}

func outOfService(node sim.Document) bool {
	for _, t := range sim.Objs(spec(node), "taints") {
		if sim.Str(t, "key") == "node.kubernetes.io/out-of-service" {
			return true
		}
	}
	return false
}
