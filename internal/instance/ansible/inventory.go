package ansible

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"mycloudmanager/internal/fault"
)

// inventory is the file that names hosts and variables, in YAML: its tag !unsafe keeps Ansible from taking text for a
// template, which could run anything on the manager,
// https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_advanced_syntax.html#unsafe-or-raw-strings
func inventory(p Play) ([]byte, error) {
	if len(p.Hosts) == 0 {
		return nil, fault.New(fault.Invalid, nil, "no host is named")
	}
	hosts, seen := map[string]any{}, map[string]bool{}
	for n, h := range p.Hosts {
		if seen[h.Name] {
			return nil, fault.New(fault.Invalid, nil, "the host %s is named twice", h.Name)
		}
		seen[h.Name] = true
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

// unsafe turns a value into YAML whose texts are all tagged as data.
func unsafe(v any) (*yaml.Node, error) {
	var plain yaml.Node
	if err := plain.Encode(v); err != nil {
		return nil, fmt.Errorf("a variable cannot be written: %w", err)
	}
	tag(&plain)
	return &plain, nil
}

func tag(n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 { // the keys are names
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

// names returns the hosts' names by alias.
func names(p Play) map[string]string {
	out := map[string]string{}
	for n, h := range p.Hosts {
		out[alias(n)] = h.Name
	}
	return out
}
