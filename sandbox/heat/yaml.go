package heat

import (
	"go.yaml.in/yaml/v3"

	"mycloudmanager/sandbox/sim"
)

// readYAML reads a document as Heat's own reader does: single letters are no booleans and dates
// no times, but names and words.
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
	return sim.Copy(out), nil // numbers as JSON has them
}

// words makes text of keys and of what only looks like a time.
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
