package repository

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// A script that runs a test by a name that no test has succeeds without running anything.
func TestScripts_NameExistingTests(t *testing.T) {
	files := tracked(t)
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`)
	var known []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			for _, m := range declared.FindAllStringSubmatch(read(t, file), -1) {
				known = append(known, m[1])
			}
		}
	}
	named := regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)[A-Z]\w*`)
	found := 0
	for _, file := range files {
		if !runsTests(file) {
			continue
		}
		for _, name := range named.FindAllString(read(t, file), -1) {
			found++
			if !slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, name) }) {
				t.Errorf("%s: no test is called %s", file, name)
			}
		}
	}
	if found == 0 {
		t.Fatal("no script names a test")
	}
}

// runsTests reports whether a file holds commands: a script, a Makefile, a workflow of the hosted CI or a document.
func runsTests(file string) bool {
	base := filepath.Base(file)
	for _, data := range []string{"ui/", "deploy/", "tools/wordcheck/"} {
		if strings.HasPrefix(file, data) {
			return false
		}
	}
	return base == "Makefile" || file == ".ci/run" || slices.Contains([]string{".sh", ".md", ".yml", ".yaml"}, filepath.Ext(file))
}

func tracked(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
