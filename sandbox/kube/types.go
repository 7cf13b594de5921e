package kube

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"mycloudmanager/sandbox/sim"
)

// resource is one resource type of the API.
type resource struct {
	group, version, plural, singular, kind string
	namespaced                             bool
	subs                                   []string
}

func (t *resource) store() string { return "kube/" + t.plural }

func (t *resource) api() string {
	if t.group == "" {
		return t.version
	}
	return t.group + "/" + t.version
}

func (t *resource) qualified() string {
	if t.group == "" {
		return t.plural
	}
	return t.plural + "." + t.group
}

func (t *resource) gvk() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: t.group, Version: t.version, Kind: t.kind}
}

var resources = []*resource{
	{"", "v1", "namespaces", "namespace", "Namespace", false, []string{"status", "finalize"}},
	{"", "v1", "nodes", "node", "Node", false, []string{"status"}},
	{"", "v1", "pods", "pod", "Pod", true, []string{"status", "log", "eviction"}},
	{"", "v1", "services", "service", "Service", true, []string{"status"}},
	{"", "v1", "secrets", "secret", "Secret", true, nil},
	{"", "v1", "configmaps", "configmap", "ConfigMap", true, nil},
	{"", "v1", "persistentvolumes", "persistentvolume", "PersistentVolume", false, []string{"status"}},
	{"", "v1", "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim", true, []string{"status"}},
	{"", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", true, nil},
	{"", "v1", "events", "event", "Event", true, nil},
	{"", "v1", "endpoints", "endpoints", "Endpoints", true, nil},
	{"", "v1", "limitranges", "limitrange", "LimitRange", true, nil},
	{"", "v1", "resourcequotas", "resourcequota", "ResourceQuota", true, nil},
	{"apps", "v1", "deployments", "deployment", "Deployment", true, []string{"status", "scale"}},
	{"apps", "v1", "statefulsets", "statefulset", "StatefulSet", true, []string{"status", "scale"}},
	{"apps", "v1", "daemonsets", "daemonset", "DaemonSet", true, []string{"status"}},
	{"apps", "v1", "replicasets", "replicaset", "ReplicaSet", true, []string{"status", "scale"}},
	{"batch", "v1", "jobs", "job", "Job", true, []string{"status"}},
	{"batch", "v1", "cronjobs", "cronjob", "CronJob", true, []string{"status"}},
	{"networking.k8s.io", "v1", "ingresses", "ingress", "Ingress", true, []string{"status"}},
	{"networking.k8s.io", "v1", "ingressclasses", "ingressclass", "IngressClass", false, nil},
	{"networking.k8s.io", "v1", "networkpolicies", "networkpolicy", "NetworkPolicy", true, nil},
	{"policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget", true, []string{"status"}},
	{"rbac.authorization.k8s.io", "v1", "roles", "role", "Role", true, nil},
	{"rbac.authorization.k8s.io", "v1", "rolebindings", "rolebinding", "RoleBinding", true, nil},
	{"rbac.authorization.k8s.io", "v1", "clusterroles", "clusterrole", "ClusterRole", false, nil},
	{"rbac.authorization.k8s.io", "v1", "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding", false, nil},
	{"storage.k8s.io", "v1", "storageclasses", "storageclass", "StorageClass", false, nil},
	{"storage.k8s.io", "v1", "volumeattachments", "volumeattachment", "VolumeAttachment", false, []string{"status"}},
	{"storage.k8s.io", "v1", "csidrivers", "csidriver", "CSIDriver", false, nil},
	{"storage.k8s.io", "v1", "csinodes", "csinode", "CSINode", false, nil},
	{"coordination.k8s.io", "v1", "leases", "lease", "Lease", true, nil},
	{"discovery.k8s.io", "v1", "endpointslices", "endpointslice", "EndpointSlice", true, nil},
	{"scheduling.k8s.io", "v1", "priorityclasses", "priorityclass", "PriorityClass", false, nil},
}

// find returns the resource type by group and plural name; nil if there is none.
func find(group, plural string) *resource {
	for _, t := range resources {
		if t.group == group && t.plural == plural {
			return t
		}
	}
	return nil
}

// typed returns a resource type that is known to exist.
func typed(plural string) *resource {
	for _, t := range resources {
		if t.plural == plural {
			return t
		}
	}
	panic("kube: no type " + plural)
}

// discover serves the discovery documents.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#discovery-api
func discover(parts []string) any {
	switch {
	case parts[0] == "version":
		return sim.Document{"major": "1", "minor": "36", "gitVersion": Version, "gitCommit": "sandbox", "gitTreeState": "clean",
			"buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.26", "compiler": "gc", "platform": "linux/amd64"}
	case parts[0] == "api" && len(parts) == 1:
		return sim.Document{"kind": "APIVersions", "versions": []any{"v1"}, "serverAddressByClientCIDRs": []any{}}
	case parts[0] == "api" && len(parts) == 2:
		return resourceList("", "v1")
	case parts[0] == "apis" && len(parts) == 1:
		return sim.Document{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups()}
	case parts[0] == "apis" && len(parts) == 2:
		for _, g := range groups() {
			if sim.Str(g, "name") == parts[1] {
				return sim.Merge(sim.Document{"kind": "APIGroup", "apiVersion": "v1"}, g)
			}
		}
	case parts[0] == "apis" && len(parts) == 3:
		return resourceList(parts[1], parts[2])
	case parts[0] == "openapi":
		return openapi(parts)
	}
	return nil
}

func groups() []sim.Document {
	var out []sim.Document
	seen := map[string]bool{"": true}
	for _, t := range resources {
		if !seen[t.group] {
			seen[t.group] = true
			version := sim.Document{"groupVersion": t.api(), "version": t.version}
			out = append(out, sim.Document{"name": t.group, "versions": []any{version}, "preferredVersion": version})
		}
	}
	return out
}

func resourceList(group, version string) any {
	var list []any
	for _, t := range resources {
		if t.group != group || t.version != version {
			continue
		}
		entry := func(name, kind string, verbs ...any) sim.Document {
			return sim.Document{"name": name, "singularName": t.singular, "namespaced": t.namespaced, "kind": kind, "verbs": verbs}
		}
		list = append(list, entry(t.plural, t.kind, "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"))
		for _, sub := range t.subs {
			e := entry(t.plural+"/"+sub, t.kind, "get", "patch", "update")
			if sub == "scale" {
				sim.Merge(e, sim.Document{"kind": "Scale", "group": "autoscaling", "version": "v1"})
			}
			list = append(list, e)
		}
	}
	if list == nil {
		return nil
	}
	api := version
	if group != "" {
		api = group + "/" + version
	}
	return sim.Document{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api, "resources": list}
}
