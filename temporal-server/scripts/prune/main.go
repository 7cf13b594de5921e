// Command prune copies the module ui-server without the files that no page of Temporal Web loads. The module
// contains earlier releases of the pages as well: 300 MB in 30,000 files without references.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// name matches a reference to a file of the pages.
var name = regexp.MustCompile(`[\w$.-]+\.(?:js|css|json|woff2?|ttf|png|svg|ico|mp4|webm)\b`)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "prune <module> <copy>")
		os.Exit(2)
	}
	if err := prune(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "prune:", err)
		os.Exit(1)
	}
}

func prune(module, target string) error {
	pages := filepath.Join(module, "ui", "assets")
	byName, all, err := names(pages)
	if err != nil {
		return err
	}
	needed, err := reach(byName, filepath.Join(pages, "local", "index.html"))
	if err != nil {
		return err
	}
	// Few or all files referenced means that the layout is unknown.
	if len(needed) < 100 || len(needed) == all {
		return fmt.Errorf("%d of %d files of the pages are referenced: the layout of the pages has changed", len(needed), all)
	}
	return filepath.WalkDir(module, func(path string, d fs.DirEntry, err error) error {
		ext := filepath.Ext(path)
		if err != nil || d.IsDir() || strings.HasPrefix(path, pages) && (ext == ".js" || ext == ".css") && !needed[path] {
			return err
		}
		relative, err := filepath.Rel(module, path)
		if err != nil {
			return err
		}
		return copyFile(path, filepath.Join(target, relative))
	})
}

func copyFile(from, to string) error {
	raw, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(to, raw, 0o644)
}

// names returns the files below a directory by name.
func names(dir string) (byName map[string][]string, all int, err error) {
	byName = map[string][]string{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			byName[d.Name()] = append(byName[d.Name()], path)
			all++
		}
		return err
	})
	return byName, all, err
}

// reach follows references from the first page. Files are identified by name only; the names contain hashes.
func reach(byName map[string][]string, first string) (map[string]bool, error) {
	seen := map[string]bool{first: true}
	for queue := []string{first}; len(queue) > 0; queue = queue[1:] {
		text, err := os.ReadFile(queue[0])
		if err != nil {
			return nil, err
		}
		for _, ref := range name.FindAllString(string(text), -1) {
			for _, path := range byName[ref] {
				if !seen[path] {
					seen[path] = true
					queue = append(queue, path)
				}
			}
		}
	}
	return seen, nil
}
