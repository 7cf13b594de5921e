package i18n_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"mycloudmanager/internal/platform/i18n"
)

func TestTranslateTo_NestedMessages(t *testing.T) {
	require.Equal(t, "il n'y a pas de pile", i18n.TranslateTo("fr", "there is no stack"))
	require.Equal(t, "pas fait en 10m0s : 3 serveurs restent", i18n.TranslateTo("fr", "not done within 10m0s: 3 servers are left"))
	require.Equal(t, "there is no stack", i18n.TranslateTo("en", "there is no stack"))
	require.Equal(t, "No valid host was found.", i18n.TranslateTo("fr", "No valid host was found."))
	require.Empty(t, i18n.TranslateTo("fr", ""))
}

// Every message for users in the source must be in fr.yaml, and fr.yaml must have no other keys.
func TestPhrases_EveryMessage(t *testing.T) {
	raw, err := os.ReadFile("fr.yaml")
	require.NoError(t, err)
	var texts map[string]string
	require.NoError(t, yaml.UnmarshalStrict(raw, &texts))
	said := messages(t, "../../..")
	for text, where := range said {
		if _, ok := texts[text]; !ok {
			t.Errorf("%s: no French phrase for %q", where, text)
		}
	}
	for english, french := range texts {
		require.Equal(t, strings.Count(english, "%"), strings.Count(french, "%"), "verbs of %q", english)
	}
}

// messages returns the position of every message in the source.
func messages(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files := token.NewFileSet()
	for _, dir := range []string{"api", "activities", "internal", "workflows"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(name string, e fs.DirEntry, err error) error {
			if err != nil || skipped(name, e) {
				if e != nil && e.IsDir() && skipped(name, e) {
					return fs.SkipDir
				}
				return err
			}
			if e.IsDir() {
				return nil
			}
			file, err := parser.ParseFile(files, name, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				for _, text := range append(messagesOf(n), wordsOf(name, n)...) {
					if said := strings.Trim(text, "%svdq :;"); said != "" {
						out[text] = files.Position(n.Pos()).String()
					}
				}
				return true
			})
			return nil
		})
		require.NoError(t, err)
	}
	return out
}

// skipped excludes tests, the simulated cloud, and output at the terminal, which is in English.
func skipped(name string, e fs.DirEntry) bool {
	if e.IsDir() {
		return slices.Contains([]string{"sandbox", "cli", "config", "supervisor", "temporal", "testdata", "temporaltest"}, e.Name())
	}
	return !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go")
}

// messageArgument is the index of the message in the arguments of a function.
var messageArgument = map[string]int{"New": 2, "InvalidField": 1, "newProblem": 1, "add": 3, "ReportProgress": 1, "SetMessage": 0, "SetStepMessage": 1,
	"PartiallyFailed": 0, "recap": 0}

// messagesOf returns the formats of the messages that a node creates.
func messagesOf(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.CallExpr:
		at, ok := messageArgument[called(n)]
		if ok && at < len(n.Args) {
			return texts(n.Args[at])
		}
	case *ast.AssignStmt:
		if field, ok := n.Lhs[0].(*ast.SelectorExpr); ok && slices.Contains([]string{"Message", "Reason", "Detail"}, field.Sel.Name) {
			return texts(n.Rhs[len(n.Rhs)-1])
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && slices.Contains([]string{"Message", "Reason", "Detail"}, key.Name) {
			return texts(n.Value)
		}
	}
	return nil
}

// wordsOf returns the formats in packages whose sentences are all for users: reasons for waits, results of checks.
func wordsOf(file string, n ast.Node) []string {
	if strings.HasSuffix(filepath.ToSlash(file), "/internal/instance/ansible/events.go") { // reasons of failed hosts
		switch n := n.(type) {
		case *ast.ReturnStmt:
			return sentences(n.Results)
		case *ast.AssignStmt:
			return sentences(n.Rhs)
		}
	}
	call, ok := n.(*ast.CallExpr)
	if !ok || !slices.ContainsFunc([]string{"/activities/", "/internal/stack/", "/internal/app/status/", "/internal/app/cluster/"}, func(dir string) bool {
		return strings.Contains(filepath.ToSlash(file), dir)
	}) {
		return nil
	}
	return slices.DeleteFunc(texts(call), func(s string) bool { return !strings.Contains(s, " ") || strings.HasPrefix(s, "[") })
}

// sentences returns the texts of several words.
func sentences(list []ast.Expr) []string {
	var out []string
	for _, e := range list {
		out = append(out, texts(e)...)
	}
	return slices.DeleteFunc(out, func(s string) bool { return strings.Count(s, " ") < 2 })
}

// called returns the functions that take messages: those of fault and operation, of the log and of the API.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return map[string]string{"newProblem": "newProblem"}[f.Name]
	case *ast.SelectorExpr:
		if pkg, ok := f.X.(*ast.Ident); ok && (pkg.Name == "fault" || pkg.Name == "l" && f.Sel.Name == "add") {
			return f.Sel.Name
		}
		if slices.Contains([]string{"ReportProgress", "SetMessage", "SetStepMessage", "PartiallyFailed", "recap"}, f.Sel.Name) {
			return f.Sel.Name
		}
	}
	return ""
}

func texts(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return []string{s}
		}
	case *ast.BinaryExpr: // a text that continues with another text, or with a value
		first, rest := texts(e.X), texts(e.Y)
		if len(first) == 0 {
			return nil
		}
		if len(rest) == 0 {
			rest = []string{"%s"}
		}
		return []string{first[0] + rest[0]}
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			return texts(e.Args[0])
		}
	}
	return nil
}
