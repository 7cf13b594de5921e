package kube

import (
	"strconv"

	"mycloudmanager/sandbox/sim"
)

const meta = "kube-meta/cluster" // the document kind of the cluster itself

// key is the document id of an object.
func key(namespace, name string) string { return namespace + "/" + name }

func metadata(o sim.Document) sim.Document          { return sim.Map(o, "metadata") }
func spec(o sim.Document) sim.Document              { return sim.Map(o, "spec") }
func name(o sim.Document) string                    { return sim.Str(metadata(o), "name") }
func namespace(o sim.Document) string               { return sim.Str(metadata(o), "namespace") }
func uid(o sim.Document) string                     { return sim.Str(metadata(o), "uid") }
func dying(o sim.Document) bool                     { return sim.Str(metadata(o), "deletionTimestamp") != "" }
func labels(o sim.Document) sim.Document            { return sim.Map(metadata(o), "labels") }
func statusOf(o sim.Document) sim.Document          { return sim.Map(o, "status") }
func phase(o sim.Document) string                   { return sim.Str(statusOf(o), "phase") }
func (s *Service) stamp() string                    { return sim.Stamp(s.cloud.Now(), sim.Zulu) }
func (s *Service) micros() string                   { return sim.Stamp(s.cloud.Now(), sim.Expiry) }
func public(o sim.Document) sim.Document            { out := sim.Public(o); delete(out, "id"); return out }
func replicas(o sim.Document) int                   { return sim.Int(spec(o), "replicas") }
func (s *Service) all(plural string) []sim.Document { return s.cloud.All("kube/" + plural) }

// object reads one object; nil if it does not exist.
func (s *Service) object(plural, namespace, name string) sim.Document {
	return s.cloud.Get("kube/"+plural, key(namespace, name))
}

// next returns a new resource version.
func (s *Service) next() int {
	c := s.cloud.Get(meta, "version")
	if c == nil {
		c = sim.Document{"id": "version", "n": 1}
	}
	c["n"] = sim.Int(c, "n") + 1
	s.cloud.Put(meta, c)
	return sim.Int(c, "n")
}

func (s *Service) current() string {
	return strconv.Itoa(max(sim.Int(s.cloud.Get(meta, "version"), "n"), 1))
}

// store saves an object and notifies the watchers.
func (s *Service) store(t *resource, o sim.Document) {
	verb := "MODIFIED"
	if s.cloud.Get(t.store(), key(namespace(o), name(o))) == nil {
		verb = "ADDED"
	}
	rv := s.next()
	metadata(o)["resourceVersion"] = strconv.Itoa(rv)
	o["id"] = key(namespace(o), name(o))
	s.cloud.Put(t.store(), o)
	s.log.add(t, verb, rv, public(o))
}

// save saves an object that a controller changed.
func (s *Service) save(plural string, o sim.Document) { s.store(typed(plural), o) }

// erase deletes an object and notifies the watchers.
func (s *Service) erase(t *resource, o sim.Document) {
	rv := s.next()
	s.cloud.Delete(t.store(), key(namespace(o), name(o)))
	metadata(o)["resourceVersion"] = strconv.Itoa(rv)
	s.log.add(t, "DELETED", rv, public(o))
}

// make completes and saves a new object.
func (s *Service) make(t *resource, ns string, o sim.Document) sim.Document {
	o["apiVersion"], o["kind"] = t.api(), t.kind
	m := metadata(o)
	if m == nil {
		m = sim.Document{}
		o["metadata"] = m
	}
	if t.namespaced {
		m["namespace"] = ns
	}
	if sim.Str(m, "name") == "" {
		m["name"] = sim.Str(m, "generateName") + sim.RandomHex(3)
	}
	m["uid"], m["creationTimestamp"] = sim.UUID(), s.stamp()
	if o["spec"] != nil {
		m["generation"] = 1
	}
	s.defaults(t, o)
	s.store(t, o)
	return o
}

// owned returns the metadata of an object that is controlled by another one.
func owned(t *resource, owner sim.Document, name string, labels sim.Document) sim.Document {
	return sim.Document{"name": name, "labels": labels, "ownerReferences": []any{sim.Document{"apiVersion": t.api(), "kind": t.kind,
		"name": sim.Str(metadata(owner), "name"), "uid": uid(owner), "controller": true, "blockOwnerDeletion": true}}}
}

// children returns the objects of a type that an object owns.
func (s *Service) children(plural string, owner sim.Document) []sim.Document {
	return s.cloud.Where("kube/"+plural, func(o sim.Document) bool {
		for _, ref := range sim.Objs(metadata(o), "ownerReferences") {
			if sim.Str(ref, "uid") == uid(owner) {
				return true
			}
		}
		return false
	})
}

// condition sets one of an object's conditions and reports whether it changed.
func (s *Service) condition(o sim.Document, kind, value, reason, text string) bool {
	st := statusOf(o)
	if st == nil {
		st = sim.Document{}
		o["status"] = st
	}
	c := sim.Document{"type": kind, "status": value, "lastTransitionTime": s.stamp()}
	if reason != "" {
		c["reason"], c["message"] = reason, text
	}
	list := sim.List(st, "conditions")
	for i, v := range list {
		old, _ := v.(sim.Document)
		if sim.Str(old, "type") != kind {
			continue
		}
		if sim.Str(old, "status") == value {
			if sim.Str(old, "reason") == reason && sim.Str(old, "message") == text {
				return false
			}
			c["lastTransitionTime"] = old["lastTransitionTime"]
		}
		list[i] = c
		return true
	}
	st["conditions"] = append(list, c)
	return true
}

// holds reports whether a condition is true.
func holds(o sim.Document, kind string) bool {
	for _, c := range sim.Objs(statusOf(o), "conditions") {
		if sim.Str(c, "type") == kind {
			return sim.Str(c, "status") == "True"
		}
	}
	return false
}

// event records an event for an object; a repeated event increments its count.
func (s *Service) event(o sim.Document, kind, reason, text string) {
	ns := namespace(o)
	if ns == "" {
		ns = "default"
	}
	for _, e := range s.all("events") {
		involved := sim.Map(e, "involvedObject")
		if sim.Str(involved, "uid") == uid(o) && sim.Str(e, "reason") == reason && sim.Str(e, "message") == text {
			e["count"], e["lastTimestamp"] = sim.Int(e, "count")+1, s.stamp()
			s.save("events", e)
			return
		}
	}
	s.make(typed("events"), ns, sim.Document{"metadata": sim.Document{"name": name(o) + "." + sim.RandomHex(8)}, "type": kind, "reason": reason,
		"message": text, "count": 1, "firstTimestamp": s.stamp(), "lastTimestamp": s.stamp(), "source": sim.Document{"component": "sandbox"},
		"involvedObject": sim.Document{"apiVersion": o["apiVersion"], "kind": o["kind"], "name": name(o), "namespace": namespace(o), "uid": uid(o)}})
}
