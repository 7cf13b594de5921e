package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	fence     = regexp.MustCompile("^\\s*(```|~~~)")
	indented  = regexp.MustCompile(`^(\t| {4})`)
	newBlock  = regexp.MustCompile(`^\s*([-*+] |\d+[.)] |#|>|\|)`)
	listItem  = regexp.MustCompile(`^\s*([-*+] |\d+[.)] )`)
	delimiter = regexp.MustCompile(`^\s*\|?[\s:|-]+\|?\s*$`)
)

// tables tracks the columns of the Markdown table that a line belongs to.
type tables struct {
	retired []string
	columns []bool // whether a column of the table is retired; nil outside a table
}

// line returns a line without the cells of retired columns.
func (t *tables) line(line string) string {
	if !strings.HasPrefix(strings.TrimSpace(line), "|") {
		t.columns = nil
		return line
	}
	if t.columns == nil {
		t.columns = retiredColumns(line, t.retired)
	}
	return withoutColumns(line, t.columns)
}

// markdownChunks returns the paragraphs, list items, headings and table rows of a Markdown file. Code blocks are left
// out, and so are the cells of table columns whose heading is one of retired.
func markdownChunks(file string, lines, retired []string) []chunk {
	var chunks []chunk
	var block []string
	first := 0
	flush := func() {
		if len(block) > 0 {
			chunks = append(chunks, prose(file, first, block))
		}
		block = nil
	}
	inFence, inList, blank := false, false, true
	table := tables{retired: retired}
	for i, line := range lines {
		switch {
		case fence.MatchString(line):
			flush()
			inFence, blank = !inFence, false
			continue
		case inFence:
			continue
		case strings.TrimSpace(line) == "":
			flush()
			table.columns, blank = nil, true
			continue
		case indented.MatchString(line) && !inList && (blank || len(block) == 0):
			continue // an indented code block
		}
		blank = false
		inList = listItem.MatchString(line) || inList && strings.HasPrefix(line, " ")
		if newBlock.MatchString(line) {
			flush()
		}
		line = table.line(line)
		if len(block) == 0 {
			first = i + 1
		}
		block = append(block, line)
	}
	flush()
	return chunks
}

func cells(row string) []string {
	return strings.Split(strings.Trim(strings.TrimSpace(row), "|"), "|")
}

func retiredColumns(header string, retired []string) []bool {
	columns := []bool{}
	for _, cell := range cells(header) {
		columns = append(columns, slices.Contains(retired, strings.ToLower(strings.TrimSpace(cell))))
	}
	return columns
}

func withoutColumns(row string, columns []bool) string {
	if !slices.Contains(columns, true) || delimiter.MatchString(row) {
		return row
	}
	kept := cells(row)
	for i := range kept {
		if i < len(columns) && columns[i] {
			kept[i] = "~"
		}
	}
	return strings.Join(kept, "|")
}

// jsonChunks returns the strings of a JSON document; scopeOf gives the scope of those that a key leads to.
func jsonChunks(file string, src []byte, scopeOf func(key string) string) ([]chunk, error) {
	dec := json.NewDecoder(bytes.NewReader(src))
	type level struct {
		object, value bool
		key           string
	}
	stack := []level{{}}
	var chunks []chunk
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return chunks, nil
		} else if err != nil {
			return nil, err
		}
		top := &stack[len(stack)-1]
		switch tok := tok.(type) {
		case json.Delim:
			if tok == '}' || tok == ']' {
				stack = stack[:len(stack)-1]
				continue
			}
			top.value = false
			stack = append(stack, level{object: tok == '{', key: top.key})
			continue
		case string:
			if top.object && !top.value {
				top.key, top.value = tok, true
				continue
			}
			if scope := scopeOf(top.key); scope != "" {
				line := 1 + bytes.Count(src[:dec.InputOffset()], []byte("\n"))
				c := newChunk(scope, file, line, tok)
				c.text = withoutCode(c.text)
				chunks = append(chunks, c)
			}
		}
		top.value = false
	}
}

// yamlTexts returns the texts of a YAML document by language: those under the keys "en" and "fr", and in a file named
// fr.yaml the English keys and their French values. Templates that are not YAML yet have none.
func yamlTexts(file string, src []byte) []chunk {
	var root yaml.Node
	if yaml.Unmarshal(src, &root) != nil {
		return nil
	}
	var chunks []chunk
	add := func(scope string, n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			c := newChunk(scope, file, n.Line, strings.Split(n.Value, "\n")...)
			c.text = withoutCode(c.text)
			chunks = append(chunks, c)
		}
	}
	phrases := strings.HasSuffix(file, "/fr.yaml")
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(n.Content); i += 2 {
				key, value := n.Content[i], n.Content[i+1]
				switch {
				case phrases:
					add(scopeText, key)
					add(scopeFrench, value)
				case key.Value == "en":
					add(scopeText, value)
				case key.Value == "fr":
					add(scopeFrench, value)
				}
			}
		}
		for _, child := range n.Content {
			walk(child)
		}
	}
	walk(&root)
	return chunks
}

var hashComment = regexp.MustCompile(`^\s*#+!?(.*)$|^(.*\s)#\s(.*)$`)

// hashComments returns the comments that begin with a number sign; comments of consecutive lines are one chunk.
func hashComments(file string, lines []string) []chunk {
	var chunks []chunk
	var block []string
	first := 0
	flush := func() {
		if len(block) > 0 {
			chunks = append(chunks, prose(file, first, block))
		}
		block = nil
	}
	for i, line := range lines {
		m := hashComment.FindStringSubmatch(line)
		whole := m != nil && m[2] == "" && m[3] == ""
		switch {
		case whole && strings.HasPrefix(line, "#!"), whole && strings.Contains(line, "shellcheck "):
			flush()
		case whole && strings.TrimSpace(m[1]) != "":
			if len(block) == 0 {
				first = i + 1
			}
			block = append(block, m[1])
		case m != nil && !whole && quotesClosed(m[2]):
			flush()
			chunks = append(chunks, prose(file, i+1, []string{m[3]}))
		default:
			flush()
		}
	}
	flush()
	return chunks
}

// quotesClosed reports whether the code before a number sign has an even number of quotes of each kind.
func quotesClosed(code string) bool {
	return strings.Count(code, `"`)%2 == 0 && strings.Count(code, "'")%2 == 0
}

var docstring = regexp.MustCompile(`(?s)"""(.*?)"""`)

// docstrings returns the documentation strings of a Python file.
func docstrings(file, src string) []chunk {
	var chunks []chunk
	for _, m := range docstring.FindAllStringSubmatchIndex(src, -1) {
		first := 1 + strings.Count(src[:m[2]], "\n")
		chunks = append(chunks, prose(file, first, strings.Split(src[m[2]:m[3]], "\n")))
	}
	return chunks
}

// slashComments returns the comments of TypeScript, JavaScript and CSS. It skips strings, which end at their line.
func slashComments(file, src string) []chunk {
	var chunks []chunk
	line := 1
	lastLine, lastStart := -1, -1 // of the chunk that a line comment on the next line continues
	for i := 0; i < len(src); i++ {
		rest := src[i:]
		switch c := src[i]; {
		case c == '\n':
			line++
		case c == '"' || c == '\'':
			i += stringEnd(rest, c)
		case strings.HasPrefix(rest, "//") && !strings.HasSuffix(file, ".css"):
			text, _, _ := strings.Cut(rest, "\n")
			i += len(text) - 1
			text = strings.TrimLeft(text, "/")
			if lastLine == line-1 {
				c := &chunks[lastStart]
				c.starts = append(c.starts, len(c.text))
				c.text += withoutCode(text) + " "
			} else {
				chunks = append(chunks, prose(file, line, []string{text}))
				lastStart = len(chunks) - 1
			}
			lastLine = line
		case strings.HasPrefix(rest, "/*"):
			text, _, _ := strings.Cut(rest[2:], "*/")
			lines := strings.Split(text, "\n")
			for k := range lines {
				lines[k] = strings.TrimLeft(lines[k], " \t*")
			}
			chunks = append(chunks, prose(file, line, lines))
			line += len(lines) - 1
			i += len(text) + 3
		}
	}
	return chunks
}

// stringEnd returns the length of a string that ends at its quote, or 0 if its line has none: an apostrophe.
func stringEnd(src string, quote byte) int {
	for i := 1; i < len(src) && src[i] != '\n'; i++ {
		switch src[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return 0
}
