package i18n_test

import (
	"cmp"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

func TestMessage_In(t *testing.T) {
	name := "%d servers are left"
	for _, c := range []struct {
		message i18n.Message
		french  string
	}{
		{i18n.Messagef("there is no stack"), "il n'y a pas de pile"},
		{i18n.Messagef("not done within %s: %s", 10*time.Minute, i18n.Messagef(name, 3)), "pas fait en 10m0s : 3 serveurs restent"},
		{i18n.Messagef("the webhook responds %d", 5030), "le webhook répond 5030"},
		{i18n.Messagef("%d %% of %d MiB", 7, 20480), "7 % de 20480 Mio"},
		{i18n.Messagef("there is no backup %s", "available"), "il n'y a pas de sauvegarde available"},
		{i18n.Verbatim("No valid host was found. 100%s"), "No valid host was found. 100%s"},
		{i18n.Messagef("no image %q: upload a Debian 12 or Ubuntu 24.04 cloud image", `a "b"`), `pas d'image "a \"b\"" : déposez une image cloud Debian 12 ou Ubuntu 24.04`},
		{i18n.Join([]i18n.Message{i18n.Messagef("done"), i18n.Messagef("cancelled")}, "; "), "fait; annulée"},
		{i18n.Messagef("%s: %s", "web-1", fault.New(fault.NotFound, nil, "there is no stack")), "web-1 : il n'y a pas de pile"},
		{i18n.Message{}, ""},
	} {
		message, french := c.message, c.french
		require.Equal(t, french, message.In("fr"))
		require.Equal(t, french, stored(t, message).In("fr"))
		require.Equal(t, message.String(), message.In("en"))
		require.Equal(t, message.String(), stored(t, message).String())
		require.True(t, message.Equal(stored(t, message)))
	}
}

// stored returns the message after it was written and read in each of its forms.
func stored(t *testing.T, m i18n.Message) i18n.Message {
	t.Helper()
	raw, err := json.Marshal(m)
	require.NoError(t, err)
	var out i18n.Message
	require.NoError(t, json.Unmarshal(raw, &out))
	text, err := out.MarshalText()
	require.NoError(t, err)
	require.NoError(t, out.UnmarshalText(text))
	var value any
	require.NoError(t, json.Unmarshal(raw, &value))
	if _, plain := value.(string); !plain {
		require.Equal(t, m.In("fr"), i18n.LocalizeValue(value, "fr"))
	}
	return out
}

func TestMessage_Numbers(t *testing.T) {
	type size int32
	m := stored(t, i18n.Messagef("%s: %d of %.0f", "s-1", size(3), 2.0))
	require.Equal(t, "s-1: 3 of 2", m.String())
	require.Equal(t, "s-1: 3 of 2", m.In("fr"))
}

// A stored format with a width would require as much memory as it says.
func TestMessage_UnmarshalJSON_refusesOtherFormats(t *testing.T) {
	var m i18n.Message
	for _, format := range []string{"%999999999d", "%*d", "%[1]s", "%-5s", "%", "%x"} {
		require.Error(t, json.Unmarshal([]byte(`{"message":"`+format+`","args":[1]}`), &m), format)
	}
}

func TestLocalizeValue(t *testing.T) {
	value := map[string]any{"hosts": map[string]any{"a": []any{map[string]any{"status": "failed", "reason": map[string]any{"message": "%d servers are left", "args": []any{3.0}}}}}, "message": "x"}
	require.Equal(t, map[string]any{"hosts": map[string]any{"a": []any{map[string]any{"status": "failed", "reason": "3 serveurs restent"}}}, "message": "x"},
		i18n.LocalizeValue(value, "fr"))
}

// Every message in the source must be in fr.yaml, and every key of fr.yaml must be a message of the source or of huma.
func TestCatalog_EveryMessage(t *testing.T) {
	raw, err := os.ReadFile("fr.yaml")
	require.NoError(t, err)
	var french map[string]string
	require.NoError(t, yaml.UnmarshalStrict(raw, &french))
	used := messages(t, "../../..")
	for text, position := range used {
		if _, ok := french[text]; !ok && strings.Trim(text, "%svdq :;()") != "" {
			t.Errorf("%s: no French text for %q", position, text)
		}
	}
	for english, text := range french {
		require.Equal(t, verbs(english), verbs(text), "verbs of %q", english)
		if _, ok := used[english]; !ok && !slices.Contains(fromHuma, english) {
			t.Errorf("no code uses %q", english)
		}
	}
}

// fromHuma has messages of the library that validates requests.
var fromHuma = []string{
	"validation failed", validation.MsgUnexpectedProperty, validation.MsgExpectedString, validation.MsgExpectedInteger, validation.MsgExpectedNumber,
	validation.MsgExpectedBoolean, validation.MsgExpectedObject, validation.MsgExpectedArray, validation.MsgExpectedMinimumNumber,
	validation.MsgExpectedMaximumNumber, validation.MsgExpectedMinLength, validation.MsgExpectedMaxLength, validation.MsgExpectedMinItems,
	validation.MsgExpectedMaxItems, validation.MsgExpectedMatchPattern, validation.MsgExpectedOneOf,
}

// verbs returns the verbs of a format in the order of its arguments. A translation may have another order: %[2]s.
func verbs(format string) []string {
	found := regexp.MustCompile(`%(?:\[(\d+)\])?((?:\.\d)?[a-z%])`).FindAllStringSubmatch(format, -1)
	slices.SortStableFunc(found, func(a, b []string) int { return cmp.Compare(a[1], b[1]) })
	var out []string
	for _, verb := range found {
		out = append(out, verb[2])
	}
	return out
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
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if at, ok := formatArgument[called(call)]; ok && at < len(call.Args) {
					position := files.Position(call.Pos()).String()
					if text, ok := literal(call.Args[at]); ok {
						out[text] = position
					} else if !slices.ContainsFunc(forwarders, func(file string) bool { return strings.HasSuffix(filepath.ToSlash(name), file) }) {
						t.Errorf("%s: the format of a message is not a literal", position)
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

// forwarders have functions that pass their format on.
var forwarders = []string{"internal/fault/fault.go", "internal/operation/run.go", "internal/operation/fanout.go", "internal/operation/task/log.go", "api/problem.go"}

// skipped excludes tests, the simulated cloud, and output at the terminal, which is in English.
func skipped(name string, e fs.DirEntry) bool {
	if e.IsDir() {
		return slices.Contains([]string{"sandbox", "cli", "config", "supervisor", "testdata", "temporaltest"}, e.Name())
	}
	return !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go")
}

// formatArgument is the index of the format in the arguments of the functions that create messages.
var formatArgument = map[string]int{"fault.New": 2, "fault.InvalidField": 1, "i18n.Messagef": 0, "l.add": 3, "SetMessage": 0, "SetStepMessage": 1,
	"PartiallyFailed": 0}

// called returns the name of the called function, with its package or, for the log of a task, its receiver.
func called(call *ast.CallExpr) string {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if x, ok := f.X.(*ast.Ident); ok {
		if _, ok := formatArgument[x.Name+"."+f.Sel.Name]; ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return f.Sel.Name
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}
