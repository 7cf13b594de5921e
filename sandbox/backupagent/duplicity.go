package backupagent

import (
	"crypto/sha1" //nolint:gosec // the checksum that duplicity keeps of its volumes
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// The simulation of duplicity: a backup set is one volume and one manifest under duplicity's file names, and
// builds on the previous set. Signature files are omitted because the manager reads only the names.

const setTime = "20060102T150405Z"

// fullFor is the maximum age of a full set that incremental sets are based on.
const fullFor = 30 * 24 * time.Hour

// set is the content of one backup set's volume.
type set struct {
	Nodes []node            `json:"nodes"`
	Blobs map[string][]byte `json:"blobs"` // by file hash; only those that earlier sets lack
}

// link is a set's position in a chain.
type link struct{ at, base string }

func (l link) name(part string) string {
	if l.base == "" {
		return "duplicity-full." + l.at + "." + part + ".gpg"
	}
	return "duplicity-inc." + l.base + ".to." + l.at + "." + part + ".gpg"
}

// links returns the complete sets, oldest first.
func (r *run) links() ([]link, error) {
	names, err := r.store.names("duplicity-")
	var out []link
	for _, name := range names {
		if words := strings.Split(name, "."); strings.HasSuffix(name, ".manifest.gpg") {
			l := link{at: words[len(words)-3]}
			if strings.HasPrefix(name, "duplicity-inc.") {
				l.base = words[1]
			}
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b link) int { return strings.Compare(a.at, b.at) })
	return out, err
}

// chain returns the sets that are needed to read a set, ending with the set itself.
func (r *run) chain(at string) ([]link, error) {
	all, err := r.links()
	if err != nil {
		return nil, err
	}
	var out []link
	for at != "" {
		i := slices.IndexFunc(all, func(l link) bool { return l.at == at })
		if i < 0 {
			return nil, errors.New("No backup chains with active signatures found") //nolint:staticcheck // as duplicity says it
		}
		out = append(out, all[i])
		at = all[i].base
	}
	slices.Reverse(out)
	return out, nil
}

// wanted returns the time of the requested set.
func (r *run) wanted() string {
	id := r.given["snapshot"]
	return id[strings.LastIndex(id, ".")+1:]
}

// gather reads a chain and returns the files of its last set with all their contents.
func (r *run) gather(links []link) (set, error) {
	out := set{Blobs: map[string][]byte{}}
	for _, l := range links {
		raw, err := r.store.get(l.name("vol1.difftar"))
		if errors.Is(err, errAbsent) {
			return out, errors.New("KeyError: 1")
		}
		if err != nil {
			return out, errors.New("GPGError: " + err.Error())
		}
		var one set
		if err := json.Unmarshal(raw, &one); err != nil {
			return out, err
		}
		out.Nodes = one.Nodes
		maps.Copy(out.Blobs, one.Blobs)
	}
	return out, nil
}

// saveSet writes a backup set: a full one if there is none or the last full one is too old, else an incremental
// one.
func (r *run) saveSet() error {
	if err := r.age(); err != nil {
		return err
	}
	all, err := r.links()
	if err != nil {
		return err
	}
	l := link{at: time.Now().UTC().Format(setTime)}
	var before []link
	if len(all) > 0 {
		last := all[len(all)-1]
		if before, err = r.chain(last.at); err != nil {
			return err
		}
		if full, _ := time.Parse(setTime, before[0].at); time.Since(full) > fullFor {
			before = nil
		} else {
			l.base = last.at
		}
		for ; l.at <= last.at; l.at = time.Now().UTC().Format(setTime) {
			select {
			case <-r.ctx.Done():
				return errors.New("terminated: the manager disconnected")
			case <-time.After(50 * time.Millisecond): // there is at most one set per second
			}
		}
	}
	known, err := r.gather(before)
	if err != nil {
		return err
	}
	made, err := r.collect(known)
	if err != nil {
		return err
	}
	return r.storeSet(l, made)
}

// collect reads the files and stores the contents that are not in known.
func (r *run) collect(known set) (set, error) {
	made := set{Blobs: map[string][]byte{}}
	directories := strings.Split(strings.TrimSuffix(r.given["directories"], "\x00"), "\x00")
	var patterns []string
	for _, p := range r.lines("excludes") {
		patterns = append(patterns, strings.TrimPrefix(p, "**/"))
	}
	err := r.walk(directories, patterns, func(n node, file string) error {
		if n.Type == "file" {
			raw, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			n.Data = hashOf(raw)
			if known.Blobs[n.Data] == nil {
				made.Blobs[n.Data] = raw
			}
			if err := r.pause(); err != nil {
				return err
			}
		}
		made.Nodes = append(made.Nodes, n)
		return nil
	})
	return made, err
}

func (r *run) storeSet(l link, made set) error {
	text, err := json.Marshal(made)
	if err != nil {
		return err
	}
	volume, err := r.store.sealed(text)
	if err != nil {
		return err
	}
	if err := r.store.putRaw(l.name("vol1.difftar"), volume); err != nil {
		return err
	}
	sum := sha1.Sum(volume) //nolint:gosec // as above
	if err := r.store.put(l.name("manifest"), []byte(hex.EncodeToString(sum[:]))); err != nil {
		return err
	}
	fmt.Fprintf(r.out, "--------------[ Backup Statistics ]--------------\nNewFiles %d\nErrors 0\n", len(made.Blobs))
	return nil
}

func (r *run) listSet() error {
	links, err := r.chain(r.wanted())
	if err != nil {
		return err
	}
	all, err := r.gather(links)
	for _, n := range all.Nodes {
		err = errors.Join(err, r.writeJSON(map[string]any{"entry": map[string]any{"path": n.Path, "type": n.Type, "size": n.Size, "mode": uint32(n.Mode.Perm()),
			"uid": n.UID, "gid": n.GID, "mtime": n.MTime.UTC().Truncate(time.Second)}}))
	}
	return err
}

func (r *run) checkSet() error {
	links, err := r.chain(r.wanted())
	if err != nil {
		return err
	}
	for _, l := range links {
		sum, err := r.store.get(l.name("manifest"))
		if err != nil {
			return errors.New("GPGError: " + err.Error())
		}
		r.report("volume %s 1 %s", l.at, sum)
	}
	return nil
}
