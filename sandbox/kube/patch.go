package kube

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"mycloudmanager/sandbox/sim"
)

// patch changes an object by one of the API's four patch types.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply
func (s *Service) patch(r *sim.Request, t *target, body []byte) (any, error) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	old := s.object(t.plural, t.namespace, t.name)
	if kind == "application/apply-patch+yaml" {
		return s.apply(r, t, old, body)
	}
	if old == nil {
		return nil, notFound(t.resource, t.name)
	}
	merged, err := merge(t.resource, kind, sim.JSON(public(old)), body)
	if err != nil {
		return nil, status(400, "BadRequest", err.Error())
	}
	o, err := decode(t.resource, merged)
	if err != nil {
		return nil, err
	}
	if o, err = s.replace(t, old, o, dryRun(r)); err != nil {
		return nil, err
	}
	return public(o), nil
}

func merge(t *resource, kind string, old, patch []byte) ([]byte, error) {
	switch kind {
	case "application/json-patch+json":
		p, err := jsonpatch.DecodePatch(patch)
		if err != nil {
			return nil, err
		}
		return p.Apply(old)
	case "application/strategic-merge-patch+json":
		typed, err := scheme.Scheme.New(t.gvk())
		if err != nil {
			return nil, err
		}
		return strategicpatch.StrategicMergePatch(old, patch, typed)
	}
	return jsonpatch.MergePatch(old, patch)
}

// apply implements server-side apply: it sets the applied fields, deletes fields that the same manager no
// longer applies, and keeps fields that others set.
func (s *Service) apply(r *sim.Request, t *target, old sim.Document, body []byte) (any, error) {
	want, err := decode(t.resource, body)
	if err != nil {
		return nil, err
	}
	raw, err := yaml.YAMLToJSON(body)
	if err != nil {
		return nil, status(400, "BadRequest", err.Error())
	}
	manager := r.Query("fieldManager")
	if manager == "" {
		return nil, status(422, "Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")
	}
	if old == nil {
		if sim.Str(metadata(want), "name") == "" {
			metadata(want)["name"] = t.name
		}
		o, err := s.add(t, want, dryRun(r))
		if err != nil {
			return nil, err
		}
		if !dryRun(r) {
			s.remember(t, o, manager, raw)
		}
		return sim.Reply{Status: http.StatusCreated, Body: public(o)}, nil
	}
	typed, err := scheme.Scheme.New(t.gvk())
	if err != nil {
		return nil, err
	}
	current := sim.JSON(public(old))
	lookup, err := strategicpatch.NewPatchMetaFromStruct(typed)
	if err != nil {
		return nil, err
	}
	before := sim.Str(sim.Map(old, "_applied"), manager)
	if before == "" {
		before = "{}"
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch([]byte(before), raw, current, lookup, true)
	if err != nil {
		return nil, status(400, "BadRequest", err.Error())
	}
	merged, err := strategicpatch.StrategicMergePatch(current, patch, typed)
	if err != nil {
		return nil, status(400, "BadRequest", err.Error())
	}
	return s.applied(r, t, old, merged, manager, raw)
}

func (s *Service) applied(r *sim.Request, t *target, old sim.Document, merged []byte, manager string, raw []byte) (any, error) {
	o, err := decode(t.resource, merged)
	if err != nil {
		return nil, err
	}
	if dryRun(r) || string(sim.JSON(o)) == string(sim.JSON(public(old))) {
		if !dryRun(r) {
			s.remember(t, old, manager, raw)
		}
		return public(o), nil // no change
	}
	if o, err = s.replace(t, old, o, false); err != nil {
		return nil, err
	}
	s.remember(t, o, manager, raw)
	return public(o), nil
}

// remember saves what a manager applied, without a new resource version.
func (s *Service) remember(t *target, o sim.Document, manager string, raw []byte) {
	if s.object(t.plural, namespace(o), name(o)) == nil {
		return
	}
	all := sim.Document{}
	maps.Copy(all, sim.Map(o, "_applied"))
	all[manager] = string(raw)
	o["_applied"] = all
	s.cloud.Put(t.store(), o)
}

// scale serves the scale subresource.
func (s *Service) scale(r *sim.Request, t *target, body []byte) (any, error) {
	o := s.object(t.plural, t.namespace, t.name)
	if o == nil {
		return nil, notFound(t.resource, t.name)
	}
	if r.Method != http.MethodGet {
		scale := s.scaleOf(o)
		var want sim.Document
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		if r.Method == http.MethodPatch {
			merged, err := merge(t.resource, strings.Replace(kind, "strategic-", "", 1), sim.JSON(scale), body)
			if err != nil {
				return nil, status(400, "BadRequest", err.Error())
			}
			body = merged
		}
		if err := json.Unmarshal(body, &want); err != nil {
			return nil, status(400, "BadRequest", err.Error())
		}
		changed := sim.Copy(o)
		spec(changed)["replicas"] = sim.Int(spec(want), "replicas")
		metadata(changed)["resourceVersion"] = sim.Str(metadata(want), "resourceVersion")
		var err error
		if o, err = s.replace(&target{resource: t.resource, namespace: t.namespace, name: t.name}, o, changed, dryRun(r)); err != nil {
			return nil, err
		}
	}
	return s.scaleOf(o), nil
}

func (s *Service) scaleOf(o sim.Document) sim.Document {
	return sim.Document{"kind": "Scale", "apiVersion": "autoscaling/v1",
		"metadata": sim.Only(metadata(o), "name", "namespace", "uid", "resourceVersion", "creationTimestamp"),
		"spec":     sim.Document{"replicas": replicas(o)}, "status": sim.Document{"replicas": sim.Int(statusOf(o), "replicas")}}
}
