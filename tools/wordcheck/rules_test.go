package main

import (
	"slices"
	"strings"
	"testing"
)

func loadRules(t *testing.T) *ruleSet {
	t.Helper()
	rules, err := parseRules(builtinRules)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// exampleChunk makes a chunk of an example: "type Door" is an identifier with its kind, anything else a sentence.
func exampleChunk(example, scope string) (chunk, bool) {
	kind, name, ok := strings.Cut(example, " ")
	isIdentifier := ok && slices.Contains(kinds, kind) && !strings.Contains(name, " ")
	switch {
	case isIdentifier && scope == scopeIdentifier && kind == "file":
		return fileChunk(name + ".go"), true
	case isIdentifier && scope == scopeIdentifier:
		return identifierChunk("x.go", kind, name, 1), true
	case isIdentifier || scope == scopeIdentifier:
		return chunk{}, false
	}
	return newChunk(scope, "x.go", 1, example), true
}

// TestRules_examples checks every rule against its own examples. A rule without examples fails.
func TestRules_examples(t *testing.T) {
	for _, r := range loadRules(t).Rules {
		t.Run(r.Name, func(t *testing.T) {
			if len(r.Good) == 0 {
				t.Error("the rule has no good example")
			}
			applied := map[string]bool{}
			for _, scope := range r.Scopes {
				matched := false
				for _, example := range r.Bad {
					c, ok := exampleChunk(example, scope)
					if !ok {
						continue
					}
					applied[example] = true
					if len(r.match(c)) == 0 {
						t.Errorf("bad example %q is not found in scope %s", example, scope)
					}
					matched = true
				}
				if !matched {
					t.Errorf("the rule has no bad example for scope %s", scope)
				}
				for _, example := range r.Good {
					c, ok := exampleChunk(example, scope)
					if !ok {
						continue
					}
					applied[example] = true
					for _, f := range r.match(c) {
						t.Errorf("good example %q is found in scope %s: %s", example, scope, f.word)
					}
				}
			}
			for _, example := range slices.Concat(r.Bad, r.Good) {
				if !applied[example] {
					t.Errorf("example %q fits none of the rule's scopes", example)
				}
			}
		})
	}
}

// TestRules_suggestions checks that no rule suggests a word that another one forbids.
func TestRules_suggestions(t *testing.T) {
	rules := loadRules(t)
	for _, r := range rules.Rules {
		if slices.Contains(r.Scopes, scopeFrench) {
			continue
		}
		for _, other := range rules.Rules {
			for _, f := range other.match(newChunk(scopeProse, "x.go", 1, r.Suggest)) {
				t.Errorf("%s suggests %q, which %s forbids", r.Name, f.word, other.Name)
			}
		}
	}
}

// TestRules_replacements checks that every word with a replacement of its own is one that its rule finds.
func TestRules_replacements(t *testing.T) {
	for _, r := range loadRules(t).Rules {
		for word, replacement := range r.Replace {
			kind := ""
			if len(r.Kinds) > 0 {
				kind = r.Kinds[0]
			}
			c := newChunk(r.Scopes[0], "x.go", 1, word)
			if r.Scopes[0] == scopeIdentifier {
				c = identifierChunk("x.go", kind, word, 1)
			}
			found := r.match(c)
			if len(found) != 1 || r.suggestion(found[0].word) != replacement {
				t.Errorf("%s: %q is not found with its replacement %q: %v", r.Name, word, replacement, found)
			}
		}
	}
}

func TestParseRules_invalid(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"unknown field", "rules: [{name: a, scope: text}]", "field scope not found"},
		{"missing suggestion", "rules: [{name: a, scopes: [text], pattern: x}]", "required"},
		{"unknown scope", "rules: [{name: a, scopes: [titles], pattern: x, suggest: y}]", `unknown scope "titles"`},
		{"unknown kind", "rules: [{name: a, scopes: [identifier], kinds: [label], pattern: x, suggest: y}]", `unknown kind "label"`},
		{"bad pattern", "rules: [{name: a, scopes: [text], pattern: '(', suggest: y}]", "missing closing"},
		{"exception without reason", "rules: [{name: a, scopes: [text], pattern: x, suggest: y, allow: [{phrase: z}]}]", "reason"},
		{"exception of nothing", "rules: [{name: a, scopes: [text], pattern: x, suggest: y, allow: [{reason: z}]}]", "phrase or files"},
		{"skip without reason", "skip: [{files: x}]", "reason"},
		{"wire with another scope", "rules: [{name: a, scopes: [wire, text], pattern: x, suggest: y}]", "cannot be combined"},
		{"same name twice", "rules: [{name: a, scopes: [text], pattern: x, suggest: y}, {name: a, scopes: [text], pattern: x, suggest: y}]", "twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseRules([]byte(tt.yaml))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("parseRules() error = %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestRule_match(t *testing.T) {
	rules, err := parseRules([]byte(`
rules:
- name: look
  scopes: [prose, identifier]
  pattern: '\blook\b'
  suggest: check
  allow:
  - {phrase: 'look up', reason: the usual verb}
  - {phrase: 'look inside', files: '^docs/', reason: a title}
  - {files: '^legacy/', reason: replaced soon}
`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, file, text string
		want             int
	}{
		{"plain", "a.md", "a look at it", 1},
		{"every occurrence", "a.md", "look here, look there", 2},
		{"inside a word", "a.md", "overlook", 0},
		{"upper case", "a.md", "Look at it", 1},
		{"allowed phrase", "a.md", "look up the host", 0},
		{"allowed phrase across lines", "a.md", "look\tup the host", 0},
		{"allowed phrase does not cover another match", "a.md", "look up, then look", 1},
		{"phrase allowed in other files", "a.md", "look inside", 1},
		{"phrase allowed in this file", "docs/a.md", "look inside", 0},
		{"file allowed", "legacy/a.md", "look", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := rules.check([]chunk{newChunk(scopeProse, tt.file, 1, tt.text)}); len(got) != tt.want {
				t.Errorf("check(%q) = %v, want %d findings", tt.text, got, tt.want)
			}
		})
	}
}
