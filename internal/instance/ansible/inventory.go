package ansible

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"mycloudmanager/internal/fault"
)

// inventory returns the inventory file with the hosts and variables as YAML. Strings have the tag !unsafe, so that Ansible does
// not evaluate templates in them. Templates could run any command on the manager.
// https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_advanced_syntax.html#unsafe-or-raw-strings
func inventory(p Play) ([]byte, error) {
	if len(p.Hosts) == 0 {
		return nil, fault.New(fault.Invalid, nil, "the play has no hosts")
	}
	hosts, used := map[string]any{}, map[string]bool{}
	for n, h := range p.Hosts {
		if used[h.Name] {
			return nil, fault.New(fault.Invalid, nil, "the play contains the host %s twice", h.Name)
		}
		used[h.Name] = true
		hosts[alias(n)] = orEmpty(h.Variables)
	}
	node, err := unsafe(map[string]any{"all": map[string]any{"hosts": hosts, "vars": orEmpty(p.Variables)}})
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(node)
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// unsafe converts a value to YAML in which all strings have the tag !unsafe.
func unsafe(v any) (*yaml.Node, error) {
	var plain yaml.Node
	if err := plain.Encode(v); err != nil {
		return nil, fmt.Errorf("encode variables: %w", err)
	}
	tag(&plain)
	return &plain, nil
}

func tag(n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 { // only the values, not the keys
			tag(n.Content[i])
		}
	case yaml.SequenceNode, yaml.DocumentNode:
		for _, c := range n.Content {
			tag(c)
		}
	case yaml.ScalarNode:
		if n.ShortTag() == "!!str" {
			n.Tag, n.Style = "!unsafe", yaml.DoubleQuotedStyle|yaml.TaggedStyle
		}
	case yaml.AliasNode:
	}
}

// names returns the names of the hosts by alias.
func names(p Play) map[string]string {
	out := map[string]string{}
	for n, h := range p.Hosts {
		out[alias(n)] = h.Name
	}
	return out
}
