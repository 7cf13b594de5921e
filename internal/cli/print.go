package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"sigs.k8s.io/yaml"
)

// formats are the values of --output.
var formats = []string{"table", "wide", "json", "yaml", "name"}

// table holds a list or an object for --output table, wide and name.
type table struct {
	kind   string   // the noun of --output name: task/<id>
	header []string // empty for one object, whose rows are a field and its value
	wide   int      // how many columns at the end need --output wide
	rows   [][]any
	ids    []string
}

// add appends the row of one object.
func (t *table) add(id string, cells ...any) {
	t.ids, t.rows = append(t.ids, id), append(t.rows, cells)
}

// field appends one field of an object.
func (t *table) field(cells ...any) { t.rows = append(t.rows, cells) }

// print writes v in the format of --output. build fills the table that is printed for table, wide and name.
func (s *session) print(w io.Writer, v any, build func(t *table)) error {
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
	}
	if !slices.Contains(formats, s.output) {
		return fmt.Errorf("--output %q: use one of %s", s.output, strings.Join(formats, ", "))
	}
	t := &table{}
	build(t)
	if s.output == "name" {
		return t.writeNames(w)
	}
	return t.write(w, s.output == "wide", !s.noHeaders)
}

func (t *table) writeNames(w io.Writer) error {
	for _, id := range t.ids {
		if err := printLine(w, "%s/%s", t.kind, printable(id)); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) write(w io.Writer, wide, header bool) error {
	out := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	hidden := t.wide
	if wide {
		hidden = 0
	}
	if header && len(t.header) > 0 {
		fmt.Fprintln(out, strings.Join(t.header[:len(t.header)-hidden], "\t"))
	}
	for _, cells := range t.rows {
		texts := make([]string, len(cells)-hidden)
		for i := range texts {
			texts[i] = printable(fmt.Sprint(cells[i]))
		}
		fmt.Fprintln(out, strings.Join(texts, "\t"))
	}
	return out.Flush()
}

// printable replaces control characters: a name or a message from the cloud must not control the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}
