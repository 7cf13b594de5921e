package cli

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

// helpTexts holds the long help and the examples of each command, by its path below mcm.
//
//go:embed help.yaml
var helpTexts []byte

type helpText struct {
	Long    string `json:"long"`
	Example string `json:"example"`
}

// AddHelp sets Long and Example of all commands below root from help.yaml. It fails when a command that people use has no
// entry, or an entry no command.
func AddHelp(root *cobra.Command) error {
	texts := map[string]helpText{}
	if err := yaml.UnmarshalStrict(helpTexts, &texts); err != nil {
		return fmt.Errorf("help.yaml: %w", err)
	}
	var missing []string
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			if sub.Hidden || sub.Name() == "help" || sub.Name() == "completion" {
				continue
			}
			path := strings.TrimPrefix(sub.CommandPath(), root.Name()+" ")
			text, ok := texts[path]
			if !ok {
				missing = append(missing, path)
			}
			delete(texts, path)
			sub.Long, sub.Example = strings.TrimSpace(text.Long), indent(text.Example)
			visit(sub)
		}
	}
	visit(root)
	for path := range texts {
		missing = append(missing, path+" (not a command)")
	}
	if len(missing) > 0 {
		return fmt.Errorf("help.yaml: %s", strings.Join(missing, ", "))
	}
	return nil
}

// indent indents an example by two columns, as cobra prints examples.
func indent(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		lines[i] = "  " + lines[i]
	}
	return strings.Join(lines, "\n")
}
