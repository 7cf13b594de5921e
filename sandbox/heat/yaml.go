package heat

import (
	"go.yaml.in/yaml/v3"

	"mycloudmanager/sandbox/sim"
)

// readYAML parses YAML as Heat does: single letters are not booleans and dates are not times; both are strings.
func readYAML(text string) (sim.Document, error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return nil, err
	}
	words(&root)
	var out sim.Document
	if len(root.Content) == 0 {
		return nil, nil
	}
	if err := root.Decode(&out); err != nil {
		return nil, err
	}
	return sim.Copy(out), nil // numbers as in JSON
}

// words turns keys, and scalars that only resemble a time or a boolean, into strings.
func words(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!timestamp" {
		n.Tag = "!!str"
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && child.Kind == yaml.ScalarNode && child.Tag != "!!merge" {
			child.Tag = "!!str"
		}
		words(child)
	}
}
