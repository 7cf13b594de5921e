// Command wordcheck reports words that the project no longer uses, with the word to use instead.
//
// It reads the tracked files of a Git work tree and applies the rules of rules.yaml to declared Go identifiers, to
// comments and Markdown, to texts that users see, and to exact names of the public contract. It prints one line per
// finding, "file:line: word -> suggestion [rule]", and exits with status 1 if there is any.
package main

import (
	"bytes"
	_ "embed" // rules.yaml
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed rules.yaml
var builtinRules []byte

type options struct {
	root    string
	summary bool
	newFrom string
	only    string
	files   []string
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", ".", "work tree to check")
	flag.BoolVar(&o.summary, "summary", false, "print the number of findings of each rule instead of the findings")
	flag.StringVar(&o.newFrom, "new-from", "", "report only lines that were added or changed since this Git revision")
	flag.StringVar(&o.only, "rule", "", "apply only the rule of this name")
	flag.Parse()
	o.files = flag.Args()
	findings, err := run(o, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "wordcheck:", err)
		os.Exit(2)
	}
	if findings > 0 {
		os.Exit(1)
	}
}

// run checks the files and returns the number of findings it printed.
func run(o options, out io.Writer) (int, error) {
	rules, err := parseRules(builtinRules)
	if err != nil {
		return 0, err
	}
	if o.only != "" {
		rules.Rules = slices.DeleteFunc(rules.Rules, func(r *rule) bool { return r.Name != o.only })
		if len(rules.Rules) == 0 {
			return 0, fmt.Errorf("no rule is named %q", o.only)
		}
	}
	files, err := trackedFiles(o.root, o.files)
	if err != nil {
		return 0, err
	}
	changed, err := changedLines(o.root, o.newFrom)
	if err != nil {
		return 0, err
	}
	var found []finding
	for _, file := range files {
		if rules.skips(file) {
			continue
		}
		src, err := os.ReadFile(filepath.Join(o.root, file))
		if errors.Is(err, os.ErrNotExist) { // deleted, but not yet committed
			continue
		} else if err != nil {
			return 0, err
		}
		chunks, err := extract(file, src, rules.RetiredColumns[file])
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		for _, f := range rules.check(chunks) {
			if changed == nil || changed[file][f.line] {
				found = append(found, f)
			}
		}
	}
	print(out, rules, found, o.summary)
	return len(found), nil
}

func print(out io.Writer, rules *ruleSet, found []finding, summary bool) {
	if !summary {
		for _, f := range found {
			fmt.Fprintln(out, f)
		}
		return
	}
	type count struct{ all, files int }
	counts, seenFile := map[string]count{}, map[[2]string]bool{}
	for _, f := range found {
		c, key := counts[f.rule.Name], [2]string{f.rule.Name, f.file}
		c.all++
		if !seenFile[key] {
			seenFile[key] = true
			c.files++
		}
		counts[f.rule.Name] = c
	}
	sorted := slices.Clone(rules.Rules)
	slices.SortStableFunc(sorted, func(a, b *rule) int { return counts[b.Name].all - counts[a.Name].all })
	fmt.Fprintf(out, "%6s %6s  rule\n", "count", "files")
	for _, r := range sorted {
		fmt.Fprintf(out, "%6d %6d  %s (%s) -> %s\n", counts[r.Name].all, counts[r.Name].files, r.Name, strings.Join(r.Scopes, ", "), r.Suggest)
	}
	fmt.Fprintf(out, "%6d in total\n", len(found))
}

// trackedFiles returns the files of the work tree that Git tracks, or those of them that are named. Paths are relative
// to root.
func trackedFiles(root string, named []string) ([]string, error) {
	out, err := git(root, append([]string{"ls-files", "-z", "--"}, named...)...)
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 }), nil
}

// git runs a Git command in the work tree. A hook of Git sets GIT_DIR and GIT_INDEX_FILE, which we leave in place.
func git(root string, args ...string) ([]byte, error) {
	cmd := exec.Command("git", append([]string{"-C", root}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

// changedLines returns the lines that were added or changed since the revision, by file; nil means all lines.
func changedLines(root, revision string) (map[string]map[int]bool, error) {
	if revision == "" {
		return nil, nil
	}
	out, err := git(root, "diff", "--no-color", "--no-ext-diff", "--no-prefix", "-U0", revision, "--")
	if err != nil {
		return nil, err
	}
	return parseDiff(string(out))
}

func parseDiff(diff string) (map[string]map[int]bool, error) {
	changed, file := map[string]map[int]bool{}, ""
	for line := range strings.Lines(diff) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "+++ "):
			file = strings.TrimPrefix(line, "+++ ")
			changed[file] = map[int]bool{}
		case strings.HasPrefix(line, "@@ "):
			// @@ -12,3 +12,4 @@
			_, plus, _ := strings.Cut(line, " +")
			plus, _, _ = strings.Cut(plus, " ")
			var first, n int
			if _, err := fmt.Sscanf(plus, "%d,%d", &first, &n); err != nil {
				if n = 1; plus == "" {
					return nil, fmt.Errorf("unexpected hunk header %q", line)
				}
				if _, err := fmt.Sscanf(plus, "%d", &first); err != nil {
					return nil, fmt.Errorf("unexpected hunk header %q", line)
				}
			}
			for i := range n {
				changed[file][first+i] = true
			}
		}
	}
	return changed, nil
}
