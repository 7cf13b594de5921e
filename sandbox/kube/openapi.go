package kube

import (
	"strings"

	"mycloudmanager/sandbox/sim"
)

// openapi says no more than clients need to leave the validation of fields to the server.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition
func openapi(parts []string) any {
	if len(parts) < 2 || parts[1] != "v3" {
		return nil
	}
	at := func(t *resource) string {
		if t.group == "" {
			return "api/" + t.version
		}
		return "apis/" + t.api()
	}
	want, paths := strings.Join(parts[2:], "/"), sim.Obj{}
	for _, t := range resources {
		if want == "" {
			paths[at(t)] = sim.Obj{"serverRelativeURL": Prefix + "/openapi/v3/" + at(t)}
		} else if want == at(t) {
			paths["/"+at(t)+"/"+t.plural+"/{name}"] = sim.Obj{"patch": sim.Obj{
				"parameters": []any{sim.Obj{"name": "fieldValidation", "in": "query", "schema": sim.Obj{"type": "string"}},
					sim.Obj{"name": "dryRun", "in": "query", "schema": sim.Obj{"type": "string"}}},
				"responses":                       sim.Obj{"200": sim.Obj{"description": "OK"}},
				"x-kubernetes-group-version-kind": sim.Obj{"group": t.group, "version": t.version, "kind": t.kind}}}
		}
	}
	if want == "" {
		return sim.Obj{"paths": paths}
	}
	return sim.Obj{"openapi": "3.0.0", "info": sim.Obj{"title": "Kubernetes", "version": Version}, "paths": paths}
}
