package backupagent

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// born is the modification time of the initial files of every server.
var born = time.Date(2026, 1, 5, 8, 30, 0, 0, time.UTC)

var folders = []string{"/data/customers", "/data/orders/2025", "/data/orders/2026", "/data/médias", "/config", "/etc/app", "/home/debian"}

// furnish writes the initial files of a server, a few megabytes, once.
func (m *Machine) furnish() error {
	if _, err := os.Stat(m.Root); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	seed := sha256.Sum256([]byte(m.Seed))
	dice := rand.New(rand.NewPCG(binary.LittleEndian.Uint64(seed[:8]), binary.LittleEndian.Uint64(seed[8:16])))
	half := m.Root + ".new"
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	for i, folder := range folders {
		if err := os.MkdirAll(half+folder, 0o755); err != nil {
			return err
		}
		for n := range 6 {
			name := fmt.Sprintf("%s%s/%s-%d", half, folder, []string{"report", "app", "été", "backup list", "users", "image"}[n], i*10+n)
			if err := os.WriteFile(name, content(dice, n), 0o640); err != nil {
				return err
			}
			if err := os.Chtimes(name, born, born.Add(time.Duration(dice.IntN(1e6))*time.Second)); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(os.Symlink("app-1", half+"/data/customers/current"), os.Link(half+"/config/users-44", half+"/config/users.bak")); err != nil {
		return err
	}
	return os.Rename(half, m.Root)
}

// content is compressible text for an even kind and random bytes for an odd one.
func content(dice *rand.Rand, kind int) []byte {
	if kind%2 == 0 {
		var b strings.Builder
		for line := range 500 + dice.IntN(2000) {
			fmt.Fprintf(&b, "%06d;%d;%s\n", line, dice.IntN(1e9), strings.Repeat("x", dice.IntN(20)))
		}
		return []byte(b.String())
	}
	raw := make([]byte, 20_000+dice.IntN(100_000))
	for i := range raw {
		raw[i] = byte(dice.Uint32())
	}
	return raw
}

// age simulates activity on the server: its log grows and a new order file appears.
func (m *Machine) age() error {
	log, err := os.OpenFile(m.Root+"/data/app.log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	stamp := m.Now.UTC().Format(time.RFC3339)
	_, err = fmt.Fprintf(log, "%s the app works, nothing to worry about\n", stamp)
	order := fmt.Sprintf("%s/data/orders/2026/order-%d.txt", m.Root, m.Now.Unix()/60)
	return errors.Join(err, log.Close(), os.WriteFile(order, []byte("one of "+stamp+"\n"), 0o640))
}

// node is a file in a snapshot.
type node struct {
	StructType string      `json:"struct_type"`
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	Path       string      `json:"path"`
	Size       int64       `json:"size,omitempty"`
	Mode       fs.FileMode `json:"mode"`
	UID        uint32      `json:"uid"`
	GID        uint32      `json:"gid"`
	MTime      time.Time   `json:"mtime"`
	Link       string      `json:"linktarget,omitempty"`
	Data       string      `json:"data,omitempty"` // hash of the content
}

// walk lists the contents of the directories in name order, each directory before its entries, as restic does.
func (m *Machine) walk(directories, excludes []string, each func(node, string) error) error {
	visited := map[string]bool{}
	for _, root := range slices.Sorted(slices.Values(directories)) {
		if err := m.above(root, visited, each); err != nil {
			return err
		}
		err := filepath.WalkDir(m.Root+root, func(file string, e fs.DirEntry, err error) error {
			if visited[file] {
				return fs.SkipDir // it is below a directory that was listed
			}
			if errors.Is(err, fs.ErrNotExist) && file == m.Root+root {
				return fs.SkipAll
			}
			if err != nil {
				return err
			}
			if excluded(excludes, strings.TrimPrefix(file, m.Root)) {
				if e.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			n, err := m.node(file, e)
			if err != nil {
				return err
			}
			visited[file] = e.IsDir()
			return each(n, file)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// above lists the parent directories of root, once each.
func (m *Machine) above(root string, visited map[string]bool, each func(node, string) error) error {
	dir := m.Root
	for part := range strings.SplitSeq(strings.Trim(filepath.Dir(root), "/"), "/") {
		dir = filepath.Join(dir, part)
		info, err := os.Stat(dir)
		if part == "" || visited[dir] || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		visited[dir] = true
		n, err := m.node(dir, fs.FileInfoToDirEntry(info))
		if err := errors.Join(err, each(n, dir)); err != nil {
			return err
		}
	}
	return nil
}

func excluded(patterns []string, path string) bool {
	for _, p := range patterns {
		one, err1 := filepath.Match(p, filepath.Base(path))
		whole, err2 := filepath.Match(p, path)
		if err1 == nil && one || err2 == nil && whole {
			return true
		}
	}
	return false
}

func (m *Machine) node(file string, e fs.DirEntry) (node, error) {
	info, err := e.Info()
	if err != nil {
		return node{}, err
	}
	n := node{StructType: "node", Name: e.Name(), Type: "file", Path: strings.TrimPrefix(file, m.Root), Mode: info.Mode(), MTime: info.ModTime()}
	switch {
	case e.IsDir():
		n.Type = "dir"
	case info.Mode()&fs.ModeSymlink != 0:
		n.Type = "symlink"
		n.Link, err = os.Readlink(file)
	default:
		n.Size = info.Size()
	}
	return n, err
}
