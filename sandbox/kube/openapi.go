package kube

import (
	"strings"

	"mycloudmanager/sandbox/sim"
)

// openapi returns a minimal document that makes clients leave the validation of fields to the server.
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
	want, paths := strings.Join(parts[2:], "/"), sim.Document{}
	for _, t := range resources {
		if want == "" {
			paths[at(t)] = sim.Document{"serverRelativeURL": Prefix + "/openapi/v3/" + at(t)}
		} else if want == at(t) {
			paths["/"+at(t)+"/"+t.plural+"/{name}"] = sim.Document{"patch": sim.Document{
				"parameters": []any{sim.Document{"name": "fieldValidation", "in": "query", "schema": sim.Document{"type": "string"}},
					sim.Document{"name": "dryRun", "in": "query", "schema": sim.Document{"type": "string"}}},
				"responses":                       sim.Document{"200": sim.Document{"description": "OK"}},
				"x-kubernetes-group-version-kind": sim.Document{"group": t.group, "version": t.version, "kind": t.kind}}}
		}
	}
	if want == "" {
		return sim.Document{"paths": paths}
	}
	return sim.Document{"openapi": "3.0.0", "info": sim.Document{"title": "Kubernetes", "version": Version}, "paths": paths}
}
