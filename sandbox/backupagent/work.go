package backupagent

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// snapshot is one backup.
type snapshot struct {
	ID    string    `json:"id"`
	Time  time.Time `json:"time"`
	Host  string    `json:"hostname"`
	Tags  []string  `json:"tags"`
	Paths []string  `json:"paths"`
	Nodes []node    `json:"nodes,omitempty"`
}

func dataName(hash string) string { return "data/" + hash[:2] + "/" + hash }

// hook runs a hook command of the plan in the server's simulated shell.
func (r *run) hook(name string) int {
	if r.given[name] == "" {
		return 0
	}
	code := 0
	for _, line := range r.lines(name) {
		var out, stderr string
		out, stderr, code = r.Run(line)
		for line := range strings.Lines(out + stderr) {
			r.report("said %s", strings.TrimSuffix(line, "\n"))
		}
		if code != 0 {
			break
		}
	}
	r.report("hook %s %d", name, code)
	return code
}

func (r *run) backup() error {
	var err error
	if r.hook("pre_hook") != 0 && r.given["rule"] != "continue" {
		err = exit(1)
	} else {
		save := r.save
		if r.sets {
			save = r.saveSet
		}
		err = r.locked(save)
		code := 0
		if err != nil {
			code = 1
		}
		r.report("engine %d", code)
	}
	r.hook("post_hook")
	return err
}

func (r *run) save() error {
	if err := r.age(); err != nil {
		return err
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	s := snapshot{ID: hex.EncodeToString(raw), Time: time.Now(), Host: r.given["instance"], Tags: r.lines("tags"),
		Paths: strings.Split(strings.TrimSuffix(r.given["directories"], "\x00"), "\x00")}
	known, err := r.known()
	if err != nil {
		return err
	}
	var total, done, files int64
	count := func(n node, _ string) error { total += n.Size; return nil }
	keep := func(n node, file string) error {
		if n.Type == "file" {
			if n.Data, err = r.saveFile(file, known); err != nil {
				return err
			}
			done, files = done+n.Size, files+1
			if err := r.pause(); err != nil {
				return err
			}
			if err := r.writeJSON(map[string]any{"message_type": "status", "percent_done": float64(done) / float64(max(1, total)), "bytes_done": done, "total_bytes": total}); err != nil {
				return err
			}
		}
		s.Nodes = append(s.Nodes, n)
		return nil
	}
	for _, each := range []func(node, string) error{count, keep} {
		if err := r.walk(s.Paths, r.lines("excludes"), each); err != nil {
			return err
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := r.store.put("snapshots/"+s.ID, text); err != nil {
		return err
	}
	return r.writeJSON(map[string]any{"message_type": "summary", "total_files_processed": files, "total_bytes_processed": total, "snapshot_id": s.ID[:8]})
}

// known returns the hashes of the contents in the repository.
func (r *run) known() (map[string]bool, error) {
	names, err := r.store.names("data/")
	out := map[string]bool{}
	for _, name := range names {
		out[filepath.Base(name)] = true
	}
	return out, err
}

func (r *run) saveFile(file string, known map[string]bool) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	hash := hashOf(raw)
	if known[hash] {
		return hash, nil
	}
	known[hash] = true
	return hash, r.store.put(dataName(hash), raw)
}

func hashOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func (r *run) load(id string) (s snapshot, err error) {
	raw, err := r.store.get("snapshots/" + id)
	if errors.Is(err, errAbsent) {
		return s, errors.New("no matching ID found for prefix " + id)
	}
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(raw, &s)
}

func (r *run) snapshots() ([]snapshot, error) {
	names, err := r.store.names("snapshots/")
	out := []snapshot{}
	for _, name := range names {
		s, loaded := r.load(filepath.Base(name))
		if err = errors.Join(err, loaded); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b snapshot) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID)) })
	return out, err
}

func (r *run) find() error {
	list, err := r.snapshots()
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Nodes = nil
	}
	return r.writeJSON(list)
}

func (r *run) list() error {
	s, err := r.load(r.given["snapshot"])
	for _, n := range s.Nodes {
		err = errors.Join(err, r.writeJSON(n))
	}
	return err
}

// check verifies that the contents of every snapshot exist and match their hashes.
func (r *run) check() error {
	return r.locked(func() error {
		list, err := r.snapshots()
		if err != nil {
			return err
		}
		known, err := r.known()
		if err != nil {
			return err
		}
		for _, s := range list {
			for i, n := range s.Nodes {
				if n.Data == "" {
					continue
				}
				if !known[n.Data] {
					fmt.Fprintf(r.err, "error: %s: %s does not exist\n", n.Path, n.Data)
					return errors.New("repository contains errors")
				}
				if _, err := r.content(n); i%10 == 0 && err != nil {
					fmt.Fprintf(r.err, "error: %s: %v\n", n.Path, err)
					return errors.New("repository contains errors")
				}
			}
		}
		return nil
	})
}

func (r *run) content(n node) ([]byte, error) {
	if r.sets {
		return r.whole.Blobs[n.Data], nil
	}
	raw, err := r.store.get(dataName(n.Data))
	if err == nil && hashOf(raw) != n.Data {
		return nil, errors.New("hash does not match")
	}
	return raw, err
}

func (r *run) forget() error {
	return r.locked(func() error {
		for _, id := range r.lines("snapshots") {
			if err := r.store.remove("snapshots/" + id); err != nil {
				return err
			}
		}
		list, err := r.snapshots()
		if err != nil {
			return err
		}
		needed := map[string]bool{}
		for _, s := range list {
			for _, n := range s.Nodes {
				needed[n.Data] = true
			}
		}
		known, err := r.known()
		for hash := range known {
			if !needed[hash] {
				err = errors.Join(err, r.store.remove(dataName(hash)))
			}
		}
		return err
	})
}

const mark = "/.mcm-restore"

// restore writes files below the target directory, or below a numbered sibling if the target is not empty.
func (r *run) restore() error {
	target := strings.TrimSuffix(r.given["target"], "/")
	for n := 1; target != "" && !r.ours(target); n++ {
		target = fmt.Sprintf("%s.%d", r.given["target"], n)
	}
	r.report("target %s", cmp.Or(target, "/"))
	if err := r.room(); err != nil {
		return err
	}
	if target != "" {
		if err := errors.Join(os.RemoveAll(r.Root+target), os.MkdirAll(r.Root+target, 0o700), os.WriteFile(r.Root+target+mark, []byte(r.given["task"]), 0o600)); err != nil {
			return err
		}
	}
	return r.locked(func() error { return r.bring(r.Root + target) })
}

func (r *run) ours(target string) bool {
	entries, err := os.ReadDir(r.Root + target)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return true
	}
	raw, err := os.ReadFile(r.Root + target + mark)
	return err == nil && string(raw) == r.given["task"]
}

// room checks that the disk has enough free space.
func (r *run) room() error {
	var need int64
	if _, err := fmt.Sscan(r.given["need"], &need); err != nil {
		return err
	}
	if r.Free < need {
		r.report("full %d", r.Free)
		return exit(28)
	}
	return nil
}

func (r *run) restoreTest() error {
	if err := r.room(); err != nil {
		return err
	}
	scratch := r.Root + "/var/tmp/mcm-restore-test"
	return errors.Join(r.locked(func() error { return r.bring(scratch) }), os.RemoveAll(scratch))
}

func (r *run) bring(to string) error {
	nodes, err := r.nodes()
	if err != nil {
		return err
	}
	var files, size int64
	roots := r.lines("roots")
	for _, n := range nodes {
		if !slices.ContainsFunc(roots, func(root string) bool {
			return n.Path == root || strings.HasPrefix(n.Path, strings.TrimSuffix(root, "/")+"/")
		}) {
			continue
		}
		if err := r.bringOne(to, n); err != nil {
			return err
		}
		if n.Type == "file" {
			files, size = files+1, size+n.Size
			if err := r.pause(); err != nil {
				return err
			}
		}
	}
	r.report("restored %d %d", files, size)
	return nil
}

// nodes returns the files of the requested backup.
func (r *run) nodes() ([]node, error) {
	if !r.sets {
		s, err := r.load(r.given["snapshot"])
		return s.Nodes, err
	}
	links, err := r.chain(r.wanted())
	if err == nil {
		r.whole, err = r.gather(links)
	}
	return r.whole.Nodes, err
}

func (r *run) bringOne(to string, n node) error {
	file := to + n.Path
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	switch n.Type {
	case "dir":
		return os.MkdirAll(file, n.Mode.Perm())
	case "symlink":
		return errors.Join(os.RemoveAll(file), os.Symlink(n.Link, file))
	}
	raw, err := r.content(n)
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(file), os.WriteFile(file, raw, n.Mode.Perm()), os.Chmod(file, n.Mode.Perm()), os.Chtimes(file, n.MTime, n.MTime))
}
