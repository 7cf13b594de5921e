package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// workloads creates and deletes pods of Deployments, StatefulSets, DaemonSets and Jobs.
func (s *Service) workloads() (waits bool) {
	for _, o := range s.all("deployments") {
		if !dying(o) {
			s.deployment(o)
		}
	}
	for _, o := range s.all("replicasets") {
		if !dying(o) {
			s.replicaSet(o)
		}
	}
	for _, o := range s.all("statefulsets") {
		if !dying(o) {
			s.statefulSet(o)
		}
	}
	for _, o := range s.all("daemonsets") {
		if !dying(o) {
			s.daemonSet(o)
		}
	}
	for _, o := range s.all("jobs") {
		if !dying(o) {
			waits = s.job(o) || waits
		}
	}
	return waits
}

// revision is a hash of the pod template.
func revision(o sim.Document) string {
	sum := sha256.Sum256(sim.JSON(sim.Map(spec(o), "template")))
	return hex.EncodeToString(sum[:])[:10]
}

// newPod creates a pod from a workload's template.
func (s *Service) newPod(t *resource, owner sim.Document, podName string, more sim.Document) sim.Document {
	tmpl := sim.Copy(sim.Map(spec(owner), "template"))
	set := sim.Document{}
	maps.Copy(set, sim.Map(sim.Map(tmpl, "metadata"), "labels"))
	maps.Copy(set, more)
	m := owned(t, owner, podName, set)
	if a := sim.Map(sim.Map(tmpl, "metadata"), "annotations"); a != nil {
		m["annotations"] = a
	}
	return s.make(typed("pods"), namespace(owner), sim.Document{"metadata": m, "spec": sim.Map(tmpl, "spec")})
}

// setStatus writes a workload's status if it changed.
func (s *Service) setStatus(plural string, o, st sim.Document) {
	st["observedGeneration"] = metadata(o)["generation"]
	if c := sim.List(statusOf(o), "conditions"); c != nil {
		st["conditions"] = c
	}
	if text := string(sim.JSON(st)); text != sim.Str(o, "_told") {
		o["_told"], o["status"] = text, st
		s.save(plural, o)
	}
}

func alive(pods []sim.Document) []sim.Document {
	return slices.DeleteFunc(slices.Clone(pods), func(p sim.Document) bool {
		return dying(p) || phase(p) == "Failed" || phase(p) == "Succeeded"
	})
}

func readyCount(pods []sim.Document) (n int) {
	for _, p := range pods {
		if holds(p, "Ready") && !dying(p) {
			n++
		}
	}
	return n
}

// deployment keeps one ReplicaSet per revision of its template; the newest one gets the pods.
func (s *Service) deployment(o sim.Document) {
	rev := revision(o)
	var newest sim.Document
	var others []sim.Document
	for _, rs := range s.children("replicasets", o) {
		if sim.Str(labels(rs), "pod-template-hash") == rev {
			newest = rs
		} else {
			others = append(others, rs)
		}
	}
	if newest == nil {
		tmpl := sim.Copy(sim.Map(spec(o), "template"))
		set := sim.Document{"pod-template-hash": rev}
		maps.Copy(set, sim.Map(sim.Map(tmpl, "metadata"), "labels"))
		tmpl["metadata"] = sim.Merge(sim.Copy(sim.Map(tmpl, "metadata")), sim.Document{"labels": set})
		newest = s.make(typed("replicasets"), namespace(o), sim.Document{"metadata": owned(typed("deployments"), o, name(o)+"-"+rev, set),
			"spec": sim.Document{"replicas": replicas(o), "selector": sim.Document{"matchLabels": set}, "template": tmpl}})
	}
	s.resize(newest, replicas(o))
	ready, total := s.counts(newest)
	all := total
	for _, rs := range others {
		r, n := s.counts(rs)
		all += n
		if ready >= replicas(o) || r == 0 || sim.Str(sim.Map(spec(o), "strategy"), "type") == "Recreate" {
			s.resize(rs, 0)
		}
	}
	st := sim.Document{"replicas": all, "updatedReplicas": total, "readyReplicas": ready, "availableReplicas": ready}
	if missing := replicas(o) - ready; missing > 0 {
		st["unavailableReplicas"] = missing
		s.condition(o, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
	} else {
		s.condition(o, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
		s.condition(o, "Progressing", "True", "NewReplicaSetAvailable", "ReplicaSet \""+name(newest)+"\" has successfully progressed.")
	}
	s.setStatus("deployments", o, st)
}

func (s *Service) counts(rs sim.Document) (ready, total int) {
	pods := alive(s.children("pods", rs))
	return readyCount(pods), len(pods)
}

func (s *Service) resize(o sim.Document, n int) {
	if replicas(o) != n {
		spec(o)["replicas"] = n
		s.save("replicasets", o)
	}
}

func (s *Service) replicaSet(o sim.Document) {
	pods := alive(s.children("pods", o))
	for i := len(pods); i < replicas(o); i++ {
		pods = append(pods, s.newPod(typed("replicasets"), o, name(o)+"-"+sim.RandomHex(3)[:5], nil))
	}
	for _, p := range pods[min(replicas(o), len(pods)):] {
		s.kill(typed("pods"), p, false, false)
	}
	pods = alive(s.children("pods", o))
	ready := readyCount(pods)
	s.setStatus("replicasets", o, sim.Document{"replicas": len(pods), "readyReplicas": ready, "availableReplicas": ready,
		"fullyLabeledReplicas": len(pods)})
}

// statefulSet creates its pods in order and updates them in reverse order.
func (s *Service) statefulSet(o sim.Document) {
	rev := name(o) + "-" + revision(o)
	pods := s.children("pods", o)
	slices.SortFunc(pods, func(a, b sim.Document) int { return ordinal(a) - ordinal(b) })
	have := map[int]sim.Document{}
	for _, p := range pods {
		have[ordinal(p)] = p
		if ordinal(p) >= replicas(o) && !dying(p) {
			s.kill(typed("pods"), p, false, false)
		}
	}
	parallel := sim.Str(spec(o), "podManagementPolicy") == "Parallel"
	updated, stale := 0, sim.Document(nil)
	for i := range replicas(o) {
		p := have[i]
		if p == nil {
			s.ownClaims(o, i)
			p = s.newPod(typed("statefulsets"), o, name(o)+"-"+strconv.Itoa(i), sim.Document{"controller-revision-hash": rev,
				"statefulset.kubernetes.io/pod-name": name(o) + "-" + strconv.Itoa(i), "apps.kubernetes.io/pod-index": strconv.Itoa(i)})
			if claims := sim.Objs(spec(o), "volumeClaimTemplates"); len(claims) > 0 {
				s.mountClaims(o, p, i)
			}
		}
		if sim.Str(labels(p), "controller-revision-hash") == rev {
			updated++
		} else {
			stale = p
		}
		if !holds(p, "Ready") && !parallel {
			break
		}
	}
	if stale != nil && !dying(stale) {
		s.kill(typed("pods"), stale, false, false)
	}
	pods = s.children("pods", o)
	ready := readyCount(pods)
	st := sim.Document{"replicas": len(pods), "readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": updated,
		"currentReplicas": updated, "updateRevision": rev, "collisionCount": 0, "currentRevision": statusOf(o)["currentRevision"]}
	if updated == replicas(o) || st["currentRevision"] == nil {
		st["currentRevision"] = rev
	}
	s.setStatus("statefulsets", o, st)
}

func ordinal(p sim.Document) int {
	n := name(p)
	return sim.ToInt(n[strings.LastIndex(n, "-")+1:])
}

// ownClaims creates the claims of one StatefulSet pod.
func (s *Service) ownClaims(o sim.Document, i int) {
	for _, c := range sim.Objs(spec(o), "volumeClaimTemplates") {
		n := name(c) + "-" + name(o) + "-" + strconv.Itoa(i)
		if s.object("persistentvolumeclaims", namespace(o), n) == nil {
			s.make(typed("persistentvolumeclaims"), namespace(o), sim.Document{"metadata": sim.Document{"name": n, "labels": labels(o)},
				"spec": sim.Copy(spec(c))})
		}
	}
}

func (s *Service) mountClaims(o, pod sim.Document, i int) {
	volumes := sim.List(spec(pod), "volumes")
	for _, c := range sim.Objs(spec(o), "volumeClaimTemplates") {
		volumes = append(volumes, sim.Document{"name": name(c),
			"persistentVolumeClaim": sim.Document{"claimName": name(c) + "-" + name(o) + "-" + strconv.Itoa(i)}})
	}
	spec(pod)["volumes"] = volumes
	s.save("pods", pod)
}

func (s *Service) daemonSet(o sim.Document) {
	rev := revision(o)
	on := map[string]sim.Document{}
	for _, p := range s.children("pods", o) {
		if sim.Str(labels(p), "controller-revision-hash") != rev && !dying(p) {
			s.kill(typed("pods"), p, false, false)
			continue
		}
		on[sim.Str(spec(p), "nodeName")] = p
	}
	nodes := s.all("nodes")
	var ready int
	for _, n := range nodes {
		p := on[name(n)]
		if p == nil && holds(n, "Ready") {
			p = s.newPod(typed("daemonsets"), o, name(o)+"-"+sim.RandomHex(3)[:5], sim.Document{"controller-revision-hash": rev})
			spec(p)["nodeName"] = name(n)
			s.save("pods", p)
		}
		if p != nil && holds(p, "Ready") {
			ready++
		}
	}
	s.setStatus("daemonsets", o, sim.Document{"desiredNumberScheduled": len(nodes), "currentNumberScheduled": len(on), "numberReady": ready,
		"numberAvailable": ready, "updatedNumberScheduled": len(on), "numberMisscheduled": 0})
}

// job runs one pod to completion.
func (s *Service) job(o sim.Document) (waits bool) {
	pods := s.children("pods", o)
	if len(pods) == 0 && !holds(o, "Complete") {
		pods = append(pods, s.newPod(typed("jobs"), o, name(o)+"-"+sim.RandomHex(3)[:5],
			sim.Document{"job-name": name(o), "batch.kubernetes.io/job-name": name(o)}))
	}
	active, done := 0, 0
	for _, p := range pods {
		if phase(p) == "Succeeded" {
			done++
		} else {
			active++
		}
	}
	st := sim.Document{"active": active, "succeeded": done, "startTime": metadata(o)["creationTimestamp"], "ready": 0}
	if done > 0 && active == 0 {
		s.condition(o, "Complete", "True", "CompletionsReached", "Reached expected number of succeeded pods")
		st["completionTime"] = statusOf(o)["completionTime"]
		if st["completionTime"] == nil {
			st["completionTime"] = s.stamp()
		}
	}
	s.setStatus("jobs", o, st)
	return active > 0
}
