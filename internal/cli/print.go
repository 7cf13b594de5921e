package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"sigs.k8s.io/yaml"
)

func decode(r io.Reader, v any) error { return json.NewDecoder(r).Decode(v) }

// print writes v as asked for; table is what a person reads.
func (s *session) print(w io.Writer, v any, table func(t *tabwriter.Writer)) error {
	switch s.output {
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	case "yaml":
		raw, err := yaml.Marshal(v)
		if err != nil {
			return err
		}
		_, err = w.Write(raw)
		return err
	case "table":
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		table(t)
		return t.Flush()
	}
	return fmt.Errorf("output: %q is none of table, json, yaml", s.output)
}

// row writes one line of a table.
func row(t *tabwriter.Writer, cells ...any) {
	for i, c := range cells {
		if i > 0 {
			fmt.Fprint(t, "\t")
		}
		fmt.Fprint(t, strings.ReplaceAll(fmt.Sprint(c), "\n", " "))
	}
	fmt.Fprintln(t)
}
