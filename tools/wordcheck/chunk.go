package main

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// chunk is a piece of a file that the rules are applied to: an identifier, a comment, a paragraph, a text.
type chunk struct {
	scope  string
	kind   string // of an identifier
	file   string
	name   string // the identifier as it is written
	text   string
	first  int   // line of the first part
	starts []int // where each line begins in text
}

// newChunk joins consecutive lines, so that a phrase is found across a line break.
func newChunk(scope, file string, first int, lines ...string) chunk {
	c := chunk{scope: scope, file: file, first: first}
	var text strings.Builder
	for _, line := range lines {
		c.starts = append(c.starts, text.Len())
		text.WriteString(line)
		text.WriteByte(' ')
	}
	c.text = text.String()
	return c
}

// lineAt returns the line of the file that holds the offset of the chunk's text.
func (c chunk) lineAt(offset int) int {
	i, exact := slices.BinarySearch(c.starts, offset)
	if !exact {
		i--
	}
	return c.first + i
}

// splitWords splits an identifier at underscores, hyphens, and changes of case, and returns its words in lower case.
func splitWords(name string) []string {
	var words []string
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		runes, start := []rune(part), 0
		for i := 1; i < len(runes); i++ {
			lowerToUpper := !unicode.IsUpper(runes[i-1]) && unicode.IsUpper(runes[i])
			acronymEnds := unicode.IsUpper(runes[i-1]) && unicode.IsUpper(runes[i]) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if lowerToUpper || acronymEnds {
				words = append(words, strings.ToLower(string(runes[start:i])))
				start = i
			}
		}
		words = append(words, strings.ToLower(string(runes[start:])))
	}
	return words
}

// extract returns the chunks of a file by its type; files of other types are only checked for names of the contract.
func extract(file string, src []byte, retiredColumns []string) ([]chunk, error) {
	if slices.Contains(src, 0) {
		return nil, nil
	}
	lines := strings.Split(string(src), "\n")
	chunks := []chunk{}
	table := tables{retired: retiredColumns}
	for i, line := range lines {
		if len(retiredColumns) > 0 {
			line = table.line(line)
		}
		chunks = append(chunks, newChunk(scopeWire, file, i+1, line))
	}
	base := path.Base(file)
	var more []chunk
	var err error
	switch ext := path.Ext(file); {
	case ext == ".go":
		more, err = goChunks(file, src)
	case ext == ".md":
		more = markdownChunks(file, lines, retiredColumns)
	case strings.HasPrefix(file, "ui/src/locales/en/") && ext == ".json":
		more, err = jsonChunks(file, src, func(string) string { return scopeText })
	case strings.HasPrefix(file, "ui/src/locales/fr/") && ext == ".json":
		more, err = jsonChunks(file, src, func(string) string { return scopeFrench })
	case strings.HasSuffix(base, ".schema.json"):
		more, err = jsonChunks(file, src, schemaScope)
	case ext == ".yaml" || ext == ".yml":
		more = append(hashComments(file, lines), yamlTexts(file, src)...)
	case ext == ".py":
		more = append(hashComments(file, lines), docstrings(file, string(src))...)
	case ext == ".ts" || ext == ".tsx" || ext == ".js" || ext == ".css":
		more = slashComments(file, string(src))
	case ext == ".sh" || ext == ".j2" || ext == ".cfg" || ext == ".service" || base == "Makefile" || base == "Dockerfile" || strings.HasPrefix(string(src), "#!"):
		more = hashComments(file, lines)
	}
	switch path.Ext(file) {
	case ".go", ".ts", ".tsx", ".py", ".sh":
		more = append(more, fileChunk(file))
	}
	return append(chunks, more...), err
}

// schemaScope finds the titles and descriptions of a JSON schema.
func schemaScope(key string) string {
	switch key {
	case "title", "description":
		return scopeText
	case "x-title-fr", "x-description-fr", "fr":
		return scopeFrench
	}
	return ""
}

var (
	codeSpan = regexp.MustCompile("``[^`]+``|`[^`]+`")
	webLink  = regexp.MustCompile(`https?://[^\s)>"]+|\]\([^)\s]*\)`)
	htmlTag  = regexp.MustCompile(`<!--|-->|</?[a-z][^<>]*>`)
	fileName = regexp.MustCompile(`[\w./-]+\.(md|go|ya?ml|json|sh|tsx?|py)\b`)
)

// withoutCode replaces code spans, addresses, tags and file names by as many placeholders, which no pattern matches.
func withoutCode(text string) string {
	for _, re := range []*regexp.Regexp{codeSpan, webLink, htmlTag, fileName} {
		text = re.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("~", len(s)) })
	}
	return text
}

// prose makes a chunk of lines that people read; code inside it is left out.
func prose(file string, first int, lines []string) chunk {
	c := newChunk(scopeProse, file, first, lines...)
	c.text = withoutCode(c.text)
	return c
}
