package kube

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"mycloudmanager/sandbox/sim"
)

// decode parses an object of a type and refuses what the type does not allow.
func decode(t *resource, body []byte) (sim.Document, error) {
	var o sim.Document
	if err := yaml.Unmarshal(body, &o); err != nil || o == nil {
		return nil, status(400, "BadRequest", fmt.Sprintf("error decoding object: %v", err))
	}
	return o, fits(t, o)
}

func fits(t *resource, o sim.Document) error {
	typed, err := scheme.Scheme.New(t.gvk())
	if err != nil {
		return nil // types unknown to the client library are not validated
	}
	if err := json.Unmarshal(sim.JSON(o), typed); err != nil {
		return status(400, "BadRequest", t.kind+" in version \""+t.version+"\" cannot be handled as a "+t.kind+": "+err.Error())
	}
	return nil
}

func dryRun(r *sim.Request) bool { return r.Query("dryRun") == "All" }

func (s *Service) get(t *target) (any, error) {
	o := s.object(t.plural, t.namespace, t.name)
	if o == nil {
		return nil, notFound(t.resource, t.name)
	}
	return public(o), nil
}

func (s *Service) create(r *sim.Request, t *target, body []byte) (any, error) {
	o, err := decode(t.resource, body)
	if err != nil {
		return nil, err
	}
	if o, err = s.add(t, o, dryRun(r)); err != nil {
		return nil, err
	}
	return sim.Reply{Status: http.StatusCreated, Body: public(o)}, nil
}

func (s *Service) add(t *target, o sim.Document, dry bool) (sim.Document, error) {
	m := metadata(o)
	n := sim.Str(m, "name")
	if n == "" && sim.Str(m, "generateName") == "" {
		return nil, status(422, "Invalid", t.kind+" \"\" is invalid: metadata.name: Required value: name or generateName is required")
	}
	if problems := validation.IsDNS1123Subdomain(n); n != "" && len(problems) > 0 && t.group != "rbac.authorization.k8s.io" {
		return nil, status(422, "Invalid", fmt.Sprintf("%s %q is invalid: metadata.name: Invalid value: %q: %s", t.kind, n, n, problems[0]))
	}
	if t.namespaced {
		if s.object("namespaces", "", t.namespace) == nil {
			return nil, notFound(typed("namespaces"), t.namespace)
		}
	}
	if n != "" && s.object(t.plural, t.namespace, n) != nil {
		return nil, status(409, "AlreadyExists", t.qualified()+" \""+n+"\" already exists")
	}
	if slices.Contains(t.subs, "status") {
		delete(o, "status") // the creator cannot set the status
	}
	if dry {
		o["apiVersion"], o["kind"] = t.api(), t.kind
		s.defaults(t.resource, o)
		return o, nil
	}
	return s.make(t.resource, t.namespace, o), nil
}

// defaults sets the defaults of the API server.
func (s *Service) defaults(t *resource, o sim.Document) {
	switch t.plural {
	case "secrets":
		secretDefaults(o)
	case "deployments", "statefulsets", "replicasets":
		set(spec(o), "replicas", 1)
	case "services":
		s.serviceDefaults(o)
	case "persistentvolumeclaims":
		set(o, "status", sim.Document{"phase": "Pending"})
		set(metadata(o), "finalizers", []any{"kubernetes.io/pvc-protection"})
	case "persistentvolumes":
		set(o, "status", sim.Document{"phase": "Available"})
		set(spec(o), "persistentVolumeReclaimPolicy", "Retain")
		set(metadata(o), "finalizers", []any{"kubernetes.io/pv-protection"})
	case "pods":
		set(o, "status", sim.Document{"phase": "Pending"})
		set(spec(o), "serviceAccountName", "default")
	case "namespaces":
		set(o, "status", sim.Document{"phase": "Active"})
	}
}

func set(in sim.Document, k string, v any) {
	if in != nil && in[k] == nil {
		in[k] = v
	}
}

func secretDefaults(o sim.Document) {
	data := sim.Map(o, "data")
	if data == nil {
		data = sim.Document{}
	}
	for k, v := range sim.Map(o, "stringData") {
		data[k] = base64.StdEncoding.EncodeToString([]byte(sim.Text(v)))
	}
	delete(o, "stringData")
	o["data"] = data
	set(o, "type", "Opaque")
}

func (s *Service) serviceDefaults(o sim.Document) {
	set(spec(o), "type", "ClusterIP")
	if sim.Str(spec(o), "clusterIP") == "" {
		spec(o)["clusterIP"] = s.serviceIP()
	}
	kind := sim.Str(spec(o), "type")
	for i, p := range sim.Objs(spec(o), "ports") {
		set(p, "protocol", "TCP")
		set(p, "targetPort", p["port"])
		if kind == "NodePort" || kind == "LoadBalancer" {
			set(p, "nodePort", 30000+(len(s.all("services"))*7+i)%2768)
		}
	}
}

func (s *Service) serviceIP() string {
	used := map[string]bool{}
	for _, o := range s.all("services") {
		used[sim.Str(spec(o), "clusterIP")] = true
	}
	for i := 10; ; i++ {
		if ip := fmt.Sprintf("10.43.%d.%d", i/250, i%250+1); !used[ip] {
			return ip
		}
	}
}

func (s *Service) update(r *sim.Request, t *target, body []byte) (any, error) {
	o, err := decode(t.resource, body)
	if err != nil {
		return nil, err
	}
	old := s.object(t.plural, t.namespace, t.name)
	if old == nil {
		return nil, notFound(t.resource, t.name)
	}
	o, err = s.replace(t, old, o, dryRun(r))
	if err != nil {
		return nil, err
	}
	return public(o), nil
}

// replace updates an object, unless its resource version has changed.
func (s *Service) replace(t *target, old, o sim.Document, dry bool) (sim.Document, error) {
	m, before := metadata(o), metadata(old)
	if rv := sim.Str(m, "resourceVersion"); rv != "" && rv != sim.Str(before, "resourceVersion") {
		return nil, status(409, "Conflict", "Operation cannot be fulfilled on "+t.qualified()+" \""+t.name+"\": the object has been "+
			"modified; please apply your changes to the latest version and try again")
	}
	for _, k := range []string{"uid", "creationTimestamp", "namespace", "name", "deletionTimestamp", "generation"} {
		if before[k] != nil {
			m[k] = before[k]
		}
	}
	if t.sub == "status" {
		kept := sim.Copy(old)
		kept["status"] = o["status"]
		o = kept
	} else if slices.Contains(t.subs, "status") {
		o["status"] = old["status"]
		if string(sim.JSON(o["spec"])) != string(sim.JSON(old["spec"])) {
			metadata(o)["generation"] = sim.Int(before, "generation") + 1
		}
	}
	o["apiVersion"], o["kind"] = t.api(), t.kind
	for k, v := range old { // keep the simulator's own fields
		if strings.HasPrefix(k, "_") && o[k] == nil {
			o[k] = v
		}
	}
	s.defaults(t.resource, o)
	if dry {
		return o, nil
	}
	if dying(o) && len(sim.List(metadata(o), "finalizers")) == 0 && t.plural != "pods" {
		s.erase(t.resource, o)
		return o, nil
	}
	s.store(t.resource, o)
	return o, nil
}

func (s *Service) delete(r *sim.Request, t *target, body []byte) (any, error) {
	o := s.object(t.plural, t.namespace, t.name)
	if o == nil {
		return nil, notFound(t.resource, t.name)
	}
	var options sim.Document
	if len(body) > 0 {
		if err := json.Unmarshal(body, &options); err != nil {
			return nil, status(400, "BadRequest", err.Error())
		}
	}
	if want := sim.Str(sim.Map(options, "preconditions"), "uid"); want != "" && want != uid(o) {
		return nil, status(409, "Conflict", "Precondition failed: UID in precondition: "+want+", UID in object meta: "+uid(o))
	}
	if dryRun(r) {
		return public(o), nil
	}
	grace := 30
	for _, v := range []any{options["gracePeriodSeconds"], sim.Document{"": r.Query("gracePeriodSeconds")}[""]} {
		if text := sim.Text(v); text != "" {
			grace = sim.ToInt(text)
		}
	}
	orphan := sim.Str(options, "propagationPolicy") == "Orphan" || r.Query("propagationPolicy") == "Orphan"
	s.kill(t.resource, o, grace == 0, orphan)
	return public(o), nil
}

// kill deletes an object: immediately, or once its pod has terminated and its finalizers are removed.
func (s *Service) kill(t *resource, o sim.Document, force, orphan bool) {
	if t.plural == "namespaces" {
		s.emptyNamespace(name(o))
	}
	for _, plural := range []string{"pods", "replicasets", "jobs"} {
		for _, child := range s.children(plural, o) {
			if orphan {
				delete(metadata(child), "ownerReferences")
				s.save(plural, child)
			} else if !dying(child) {
				s.kill(typed(plural), child, force, false)
			}
		}
	}
	waits := len(sim.List(metadata(o), "finalizers")) > 0 || (t.plural == "pods" && !force && sim.Str(spec(o), "nodeName") != "")
	if !waits {
		s.erase(t, o)
		return
	}
	if !dying(o) {
		metadata(o)["deletionTimestamp"], metadata(o)["deletionGracePeriodSeconds"] = s.stamp(), 30
		o["_stopped"] = s.micros()
		s.store(t, o)
	}
}

func (s *Service) emptyNamespace(ns string) {
	for _, t := range resources {
		for _, o := range s.cloud.All(t.store()) {
			if t.namespaced && namespace(o) == ns && !dying(o) && s.cloud.Get(t.store(), sim.Str(o, "id")) != nil {
				s.kill(t, o, false, false)
			}
		}
	}
}

func (s *Service) deleteCollection(r *sim.Request, t *target) (any, error) {
	docs, err := s.selected(r, t)
	if err != nil {
		return nil, err
	}
	for _, o := range docs {
		s.kill(t.resource, o, false, false)
	}
	return sim.Document{"kind": "Status", "apiVersion": "v1", "metadata": sim.Document{}, "status": "Success"}, nil
}
