package main

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The scopes of a rule.
const (
	scopeIdentifier = "identifier" // declared Go identifiers, as lower-case words
	scopeProse      = "prose"      // comments and Markdown
	scopeText       = "text"       // English texts that users see
	scopeFrench     = "french"     // French texts that users see
	scopeWire       = "wire"       // whole lines, for exact names of the public contract
)

// kinds are the kinds of identifiers that a rule may be limited to.
var kinds = []string{"package", "file", "type", "func", "method", "const", "var", "field", "param", "local", "json", "flag"}

// ruleSet is the content of rules.yaml.
type ruleSet struct {
	Skip           []skip              `yaml:"skip"`
	RetiredColumns map[string][]string `yaml:"retired_columns"`
	Rules          []*rule             `yaml:"rules"`
}

// skip excludes files, with the reason why they are not checked.
type skip struct {
	Files  string `yaml:"files"`
	Reason string `yaml:"reason"`
	re     *regexp.Regexp
}

// rule forbids what matches a pattern and suggests a replacement.
type rule struct {
	Name    string            `yaml:"name"`
	Scopes  []string          `yaml:"scopes"`
	Kinds   []string          `yaml:"kinds"`
	Pattern string            `yaml:"pattern"`
	Suggest string            `yaml:"suggest"`
	Replace map[string]string `yaml:"replace"`
	Allow   []allow           `yaml:"allow"`
	Bad     []string          `yaml:"bad"`
	Good    []string          `yaml:"good"`
	re      *regexp.Regexp
}

// allow exempts a phrase, everywhere or in some files; without a phrase it exempts the files.
type allow struct {
	Phrase string `yaml:"phrase"`
	Files  string `yaml:"files"`
	Reason string `yaml:"reason"`
	re     *regexp.Regexp
	files  *regexp.Regexp
}

// finding is one match of a rule.
type finding struct {
	file string
	line int
	word string
	rule *rule
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s -> %s [%s]", f.file, f.line, f.word, f.rule.suggestion(f.word), f.rule.Name)
}

// suggestion returns the replacement of a word.
func (r *rule) suggestion(word string) string {
	if s := r.Replace[word]; s != "" {
		return s
	}
	return r.Suggest
}

func parseRules(raw []byte) (*ruleSet, error) {
	var set ruleSet
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&set); err != nil {
		return nil, err
	}
	for i := range set.Skip {
		s := &set.Skip[i]
		if s.Reason == "" {
			return nil, fmt.Errorf("skip %s: a reason is required", s.Files)
		}
		var err error
		if s.re, err = regexp.Compile(s.Files); err != nil {
			return nil, err
		}
	}
	names := map[string]bool{}
	for _, r := range set.Rules {
		if names[r.Name] {
			return nil, fmt.Errorf("rule %s: the name is used twice", r.Name)
		}
		names[r.Name] = true
		if err := r.compile(); err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.Name, err)
		}
	}
	return &set, nil
}

func (r *rule) compile() error {
	if r.Name == "" || r.Pattern == "" || r.Suggest == "" || len(r.Scopes) == 0 {
		return errors.New("name, scopes, pattern and suggest are required")
	}
	for _, s := range r.Scopes {
		if !slices.Contains([]string{scopeIdentifier, scopeProse, scopeText, scopeFrench, scopeWire}, s) {
			return fmt.Errorf("unknown scope %q", s)
		}
	}
	for _, k := range r.Kinds {
		if !slices.Contains(kinds, k) {
			return fmt.Errorf("unknown kind %q", k)
		}
	}
	exact := slices.Contains(r.Scopes, scopeWire)
	if exact && len(r.Scopes) > 1 {
		return errors.New("scope wire is matched exactly and cannot be combined with another")
	}
	var err error
	if r.re, err = compilePattern(r.Pattern, exact); err != nil {
		return err
	}
	for i := range r.Allow {
		a := &r.Allow[i]
		if a.Reason == "" || a.Phrase == "" && a.Files == "" {
			return errors.New("an exception needs a reason, and a phrase or files")
		}
		if a.Phrase != "" {
			if a.re, err = compilePattern(a.Phrase, exact); err != nil {
				return err
			}
		}
		if a.files, err = regexp.Compile(a.Files); err != nil {
			return err
		}
	}
	return nil
}

// compilePattern compiles a pattern in which a space stands for any white space. Patterns ignore case unless exact.
func compilePattern(pattern string, exact bool) (*regexp.Regexp, error) {
	if exact {
		return regexp.Compile(pattern)
	}
	return regexp.Compile("(?i)" + strings.ReplaceAll(pattern, " ", `\s+`))
}

func (s *ruleSet) skips(file string) bool {
	return slices.ContainsFunc(s.Skip, func(k skip) bool { return k.re.MatchString(file) })
}

// check returns the findings in the chunks of one file, in the order of lines.
func (s *ruleSet) check(chunks []chunk) []finding {
	var found []finding
	for _, c := range chunks {
		for _, r := range s.Rules {
			found = append(found, r.match(c)...)
		}
	}
	slices.SortStableFunc(found, func(a, b finding) int { return a.line - b.line })
	return found
}

// match returns the rule's findings in a chunk. A match inside an allowed phrase is no finding.
func (r *rule) match(c chunk) []finding {
	if !slices.Contains(r.Scopes, c.scope) || len(r.Kinds) > 0 && c.scope == scopeIdentifier && !slices.Contains(r.Kinds, c.kind) {
		return nil
	}
	matches := r.re.FindAllStringIndex(c.text, -1)
	if matches == nil {
		return nil
	}
	var allowed [][]int
	for _, a := range r.Allow {
		if !a.files.MatchString(c.file) {
			continue
		}
		if a.re == nil {
			return nil
		}
		allowed = append(allowed, a.re.FindAllStringIndex(c.text, -1)...)
	}
	var found []finding
	for _, m := range matches {
		if slices.ContainsFunc(allowed, func(a []int) bool { return a[0] <= m[0] && m[1] <= a[1] }) {
			continue
		}
		word := c.name
		if word == "" {
			word = shorten(strings.Fields(c.text[m[0]:m[1]]))
		}
		found = append(found, finding{c.file, c.lineAt(m[0]), word, r})
		if c.name != "" {
			break
		}
	}
	return found
}

// shorten returns the first words of a match, for the output.
func shorten(words []string) string {
	const maxWords = 6
	if len(words) > maxWords {
		words = append(words[:maxWords:maxWords], "…")
	}
	return strings.Join(words, " ")
}

// identifierChunk is a declared name; the rules match its words.
func identifierChunk(file, kind, name string, line int) chunk {
	return chunk{scope: scopeIdentifier, kind: kind, file: file, name: name, text: strings.Join(splitWords(name), " "), starts: []int{0}, first: line}
}

// fileChunk is the name of a file without its extensions.
func fileChunk(file string) chunk {
	base, _, _ := strings.Cut(path.Base(file), ".")
	base = strings.TrimSuffix(base, "_test")
	return identifierChunk(file, "file", base, 1)
}
