package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// described returns the chunks of a file as "scope line text", without those of scope wire.
func described(t *testing.T, file, src string, retired ...string) []string {
	t.Helper()
	chunks, err := extract(file, []byte(src), retired)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, c := range chunks {
		if c.scope == scopeWire || c.kind == "file" {
			continue
		}
		scope := c.scope
		if c.kind != "" {
			scope = c.kind
		}
		out = append(out, fmt.Sprintf("%s %d %s", scope, c.first, strings.Join(strings.Fields(c.text), " ")))
	}
	return out
}

func TestExtract(t *testing.T) {
	tests := []struct {
		name, file, src string
		retired         []string
		want            []string
	}{
		{
			name: "markdown", file: "a.md",
			src:  "# Title\n\nOne line\nand `code` two.\n- item\n  goes on\n\nText:\n\n    indented code\n\n```sh\nfenced\n```\n| a | b |\n|---|---|\n| c | d |\n",
			want: []string{"prose 1 # Title", "prose 3 One line and ~~~~~~ two.", "prose 5 - item goes on", "prose 8 Text:", "prose 15 | a | b |", "prose 16 |---|---|", "prose 17 | c | d |"},
		},
		{
			name: "markdown links", file: "a.md",
			src:  "See [the door](docs/door.md) at https://example.com/door and door.md.",
			want: []string{"prose 1 See [the door" + strings.Repeat("~", 15) + " at " + strings.Repeat("~", 24) + " and ~~~~~~~."},
		},
		{
			name: "markdown retired column", file: "docs/glossary.md", retired: []string{"instead of"},
			src:  "| word | instead of | means |\n|---|---|---|\n| timeout | patience | a limit |\n\n| word | means |\n|---|---|\n| a | b |\n",
			want: []string{"prose 1 word |~| means", "prose 2 |---|---|---|", "prose 3 timeout |~| a limit", "prose 5 | word | means |", "prose 6 |---|---|", "prose 7 | a | b |"},
		},
		{
			name: "locales", file: "ui/src/locales/en/a.json",
			src:  "{\n \"look\": \"See it\",\n \"b\": {\"c\": \"Two {{n}}\", \"d\": [\"x\", \"y\"]}\n}",
			want: []string{"text 2 See it", "text 3 Two {{n}}", "text 3 x", "text 3 y"},
		},
		{
			name: "French locale", file: "ui/src/locales/fr/a.json", src: `{"a": "Avis"}`,
			want: []string{"french 1 Avis"},
		},
		{
			name: "JSON schema", file: "deploy/values.schema.json", src: `{"title": "A title", "type": "object"}`,
			want: []string{"text 1 A title"},
		},
		{name: "other JSON", file: "package.json", src: `{"a": "text"}`, want: []string{}},
		{
			name: "phrases", file: "internal/i18n/fr.yaml", src: "# comment\n\"an %s\": \"un %s\"\n",
			want: []string{"prose 1 comment", "text 2 an %s", "french 2 un %s"},
		},
		{
			name: "YAML", file: "a.yaml", src: "title: {en: One, fr: Un}\nkey: 'a # b' # why\n# two\n# lines\n",
			want: []string{"prose 2 why", "prose 3 two lines", "text 1 One", "french 1 Un"},
		},
		{
			name: "shell", file: "a.sh", src: "#!/bin/sh\n# shellcheck disable=SC1\necho ${#a} \"x # y\" # note\n",
			want: []string{"prose 3 note"},
		},
		{
			name: "script without extension", file: ".ci/run", src: "#!/bin/sh\n# note\n", want: []string{"prose 2 note"},
		},
		{
			name: "Python", file: "a.py", src: "def f():\n    \"\"\"Do it.\n\n    More.\"\"\"\n    # why\n",
			want: []string{"prose 5 why", "prose 2 Do it. More."},
		},
		{
			name: "TypeScript", file: "a.tsx",
			src:  "// one\n// two\nconst a = \"// not\"; // three\n/**\n * four\n */\nconst b = 'don\\'t // not';\n",
			want: []string{"prose 1 one two three", "prose 4 four"},
		},
		{name: "CSS", file: "a.css", src: "a { b: url(//c) } /* why */\n", want: []string{"prose 1 why"}},
		{name: "binary", file: "a.sh", src: "# a\x00", want: []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := described(t, tt.file, tt.src, tt.retired...); !slices.Equal(got, tt.want) {
				t.Errorf("extract() =\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestExtract_goFile(t *testing.T) {
	const src = "// Package p does it.\npackage p\n\nimport \"some path/of thing\"\n\n" +
		"const limitOne, _ = 1, 2\n\n" +
		"type aType[T any] struct {\n\tField int `json:\"wire_name,omitempty\" doc:\"what it is\"` //nolint:x // y\n}\n\n" +
		"func (r aType[T]) aMethod(param int) (result error) {\n\tlocal, b := 1, 2\n\tconst inner = 1\n\tvar other int\n\tfor k := range m {\n\t}\n" +
		"\tlocal = 3\n\tfmt.Println(\"one\", \"two %d words\", `raw one\ntwo`)\n\tcmd.Flags().StringVar(&x, \"flag-name\", \"\", \"a help text\")\n" +
		"\t_ = Text{En: \"in English\", Fr: \"en français\"}\n}\n\n" +
		"type i interface{ Call() }\n\n//go:generate x y z\n"
	want := []string{
		"package 2 p", "prose 1 Package p does it.",
		"const 6 limit one", "type 8 a type", "method 12 a method", "type 25 i",
		"field 9 field", "json 9 wire name", "text 9 what it is",
		"param 12 r", "param 12 param", "param 12 result", "local 13 local", "local 13 b", "const 14 inner", "local 15 other", "local 16 k",
		"text 19 two %d words", "text 19 raw one two", "flag 21 flag name", "text 21 a help text", "text 22 in English", "french 22 en français", "method 25 call",
	}
	got := described(t, "p.go", src)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("extract() =\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestExtract_goFileWithoutTexts(t *testing.T) {
	if got := described(t, "p.go", "// Code generated by x. DO NOT EDIT.\n\npackage p\n"); len(got) > 0 {
		t.Errorf("a generated file has %q", got)
	}
	if got := described(t, "p_test.go", "package p\n\nvar _ = \"two words\"\n"); !slices.Equal(got, []string{"package 1 p"}) {
		t.Errorf("a test file has %q", got)
	}
}

func TestExtract_retiredColumnsOnTheWire(t *testing.T) {
	chunks, err := extract("docs/glossary.md", []byte("| word | retired |\n|---|---|\n| a | `mcm:operation` |\n\nsee `mcm:operation`\n"), []string{"retired"})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, f := range loadRules(t).check(chunks) {
		got = append(got, f.line)
	}
	if !slices.Equal(got, []int{5}) {
		t.Errorf("findings in lines %v, want only line 5", got)
	}
}

func TestSplitWords(t *testing.T) {
	tests := map[string]string{
		"backupsAtOnce": "backups at once", "HTTPServer": "http server", "mustURL": "must url", "kept_volumes": "kept volumes",
		"X509Key": "x509 key", "TestStore_Append": "test store append", "a": "a", "check-plans": "check plans",
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(splitWords(name), " "); got != want {
				t.Errorf("splitWords(%q) = %q, want %q", name, got, want)
			}
		})
	}
}

func TestChunk_lineAt(t *testing.T) {
	c := newChunk(scopeProse, "a.md", 10, "taken", "back", "now")
	for offset, want := range map[int]int{0: 10, 4: 10, 6: 11, 10: 11, 11: 12} {
		if got := c.lineAt(offset); got != want {
			t.Errorf("lineAt(%d) = %d, want %d", offset, got, want)
		}
	}
}

// TestRun checks the command on a work tree of its own.
func TestRun(t *testing.T) {
	root := t.TempDir()
	commit := func(file, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x"}} {
			if out, err := exec.Command("git", append([]string{"-C", root}, args...)...).CombinedOutput(); err != nil {
				t.Fatalf("git %v: %v: %s", args, err, out)
			}
		}
	}
	if out, err := exec.Command("git", "init", "-q", root).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v: %s", err, out)
	}
	commit("a.md", "The patience of a step.\n\nEach step is taken\nback.\n")
	commit("b.go", "package b\n\nconst stepPatience = 1\n")
	if err := os.WriteFile(filepath.Join(root, "untracked.md"), []byte("patience"), 0o600); err != nil {
		t.Fatal(err)
	}
	const all = "a.md:1: patience -> timeout [patience]\n" +
		"a.md:3: taken back -> rolled back, undone, revoked [taken-back]\n" +
		"b.go:3: stepPatience -> timeout [patience]\n"
	tests := []struct {
		name string
		o    options
		want string
	}{
		{"all files", options{}, all},
		{"one file", options{files: []string{"b.go"}}, "b.go:3: stepPatience -> timeout [patience]\n"},
		{"one rule", options{only: "taken-back"}, "a.md:3: taken back -> rolled back, undone, revoked [taken-back]\n"},
		{"changed lines", options{newFrom: "HEAD~"}, "b.go:3: stepPatience -> timeout [patience]\n"},
		{"no change", options{newFrom: "HEAD"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.root = root
			var out bytes.Buffer
			n, err := run(tt.o, &out)
			if err != nil || out.String() != tt.want || n != strings.Count(tt.want, "\n") {
				t.Errorf("run() = %d, %v, printed\n%s\nwant\n%s", n, err, out.String(), tt.want)
			}
		})
	}
	t.Run("summary", func(t *testing.T) {
		var out bytes.Buffer
		if _, err := run(options{root: root, summary: true}, &out); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "     2      2  patience") || !strings.HasSuffix(out.String(), "     3 in total\n") {
			t.Errorf("summary:\n%s", out.String())
		}
	})
	t.Run("unknown rule", func(t *testing.T) {
		if _, err := run(options{root: root, only: "none"}, &bytes.Buffer{}); err == nil {
			t.Error("no error")
		}
	})
}
