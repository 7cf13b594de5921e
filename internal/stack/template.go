package stack

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/stacks"

	"mycloudmanager/internal/fault"
)

// Tag marks the product's stacks in Heat; TaskTag adds the task that created the stack.
const Tag = "mcm"

// TaskTag returns the tag with the task that created a stack: a retried create finds its stack by the tag.
func TaskTag(task string) string { return "mcm-task-" + task }

// HostKeyTag is the prefix of the tag with the SHA-256 fingerprint of the servers' SSH host key.
const HostKeyTag = "mcm-hostkey-"

// timeoutMinutes is Heat's timeout of one action.
const timeoutMinutes = 60

// Template is the template of the stack with the files that it references, as Heat's API expects them.
type Template struct {
	Main  string
	Files map[string]string
}

// LoadTemplate reads the template from the files of deploy. The keys of Files are the paths in the template.
func LoadTemplate(files fs.FS) (Template, error) {
	main, err := fs.ReadFile(files, "heat/stack.yaml")
	if err != nil {
		return Template{}, err
	}
	t := Template{Main: string(main), Files: map[string]string{}}
	for _, name := range []string{"server.yaml", "../cloud-init/master.yaml", "../cloud-init/node.yaml", "../cloud-init/etcd.yaml"} {
		b, err := fs.ReadFile(files, path.Join("heat", name))
		if err != nil {
			return Template{}, err
		}
		t.Files[name] = string(b)
	}
	return t, nil
}

// Request is the body of a create or update request. It implements the option interfaces of gophercloud's stacks
// package, whose own options read the template from disk.
// https://docs.openstack.org/api-ref/orchestration/v1/#create-stack
type Request struct {
	Name       string
	Template   Template
	Parameters map[string]any
	Tags       []string
	Existing   bool // an update that keeps all other parameters
}

var (
	_ stacks.CreateOptsBuilder      = Request{}
	_ stacks.UpdatePatchOptsBuilder = Request{}
)

// ToStackCreateMap implements stacks.CreateOptsBuilder.
func (r Request) ToStackCreateMap() (map[string]any, error) {
	body := r.body()
	body["stack_name"], body["disable_rollback"] = r.Name, true
	return body, nil
}

// ToStackUpdatePatchMap implements stacks.UpdatePatchOptsBuilder.
func (r Request) ToStackUpdatePatchMap() (map[string]any, error) {
	body := r.body()
	body["disable_rollback"] = true
	return body, nil
}

func (r Request) body() map[string]any {
	body := map[string]any{"template": r.Template.Main, "files": r.Template.Files, "timeout_mins": timeoutMinutes, "parameters": r.Parameters}
	if len(r.Tags) > 0 {
		var tags strings.Builder
		for i, t := range r.Tags {
			if i > 0 {
				tags.WriteString(",")
			}
			tags.WriteString(t)
		}
		body["tags"] = tags.String()
	}
	return body
}

// Values returns the template parameters that the user sets. p must be complete.
func (p Parameters) Values() map[string]any {
	values := map[string]any{
		"image": p.Image, "external_network": p.ExternalNetwork, "masters": *p.Masters, "nodes": *p.Nodes, "etcd": *p.Etcd,
		"master_flavor": p.MasterFlavor, "node_flavor": p.NodeFlavor, "etcd_flavor": p.EtcdFlavor,
	}
	for name, v := range map[string]string{"key_pair": p.KeyPair, "volume_type": p.VolumeType} {
		if v != "" {
			values[name] = v
		}
	}
	return values
}

// Values returns the changes as template parameters.
func (c Changes) Values() map[string]any {
	values := map[string]any{}
	for name, n := range map[string]*int{"masters": c.Masters, "nodes": c.Nodes} {
		if n != nil {
			values[name] = *n
		}
	}
	for name, v := range map[string]string{"master_flavor": c.MasterFlavor, "node_flavor": c.NodeFlavor, "etcd_flavor": c.EtcdFlavor} {
		if v != "" {
			values[name] = v
		}
	}
	return values
}

// Validate rejects combinations that no cluster can have.
func (p Parameters) Validate() error {
	if *p.Masters > 1 && *p.Etcd == 0 {
		return fault.InvalidField("etcd", "more than one master needs an etcd cluster of 3 or 5")
	}
	return nil
}

// shown are the template parameters that readers may see.
var shown = []string{"image", "external_network", "key_pair", "masters", "nodes", "etcd", "master_flavor", "node_flavor", "etcd_flavor", "volume_type", "k3s_version"}

func visible(parameters map[string]string) map[string]string {
	out := maps.Clone(parameters)
	maps.DeleteFunc(out, func(name, _ string) bool { return !slices.Contains(shown, name) })
	return out
}
