package filebackup

import (
	"context"
	"crypto/sha1" //nolint:gosec // the checksum that duplicity keeps of its volumes
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// list takes the list of the set before and what the set has changed in it: to list the whole takes duplicity longer than
// many a backup. Where there is no such list, or most of it has changed, the whole is listed.
func (duplicity) list(ctx context.Context, s *engineSession, b backup.Backup, each func(backup.FileEntry) error) error {
	if b.Parent == "" {
		return s.listed(ctx, scriptInput{"snapshot": b.Snapshot, "since": "beginning"}, each)
	}
	changed, err := s.changes(ctx, b)
	if err == nil && len(changed.by) <= maxChanges {
		err = s.records.Entries(ctx, backup.FileBackupID(b.Instance, b.Parent), func(e backup.FileEntry) error { return changed.replace(e, each) })
		if fault.KindOf(err) != fault.NotFound {
			return firstError(err, changed.rest("", each))
		}
		err = nil
	}
	if err != nil {
		return err
	}
	return s.listed(ctx, scriptInput{"snapshot": b.Snapshot, "since": "nothing"}, each)
}

// maxChanges bounds what is kept in memory.
const maxChanges = 200_000

// changes are what a set has changed: entries in the order of a walk, and those that are no more.
type changes struct {
	by    map[string]*backup.FileEntry // nil for one that is no more
	order []string
}

func (s *engineSession) changes(ctx context.Context, b backup.Backup) (*changes, error) {
	c := &changes{by: map[string]*backup.FileEntry{}}
	_, err := s.mustRun(ctx, "list", scriptInput{"snapshot": b.Snapshot, "since": "before"}, func(e event) {
		switch {
		case len(c.by) > maxChanges:
		case e.gone != "":
			c.by[e.gone] = nil
		case e.entry != nil:
			c.by[e.entry.Path] = e.entry
			c.order = append(c.order, e.entry.Path)
		}
	})
	return c, err
}

// replace hands over an entry of the list before as it is now, after those that have come before it.
func (c *changes) replace(e backup.FileEntry, each func(backup.FileEntry) error) error {
	if err := c.rest(e.Path, each); err != nil {
		return err
	}
	now, ok := c.by[e.Path]
	switch {
	case !ok:
		return each(e)
	case now == nil:
		return nil
	}
	delete(c.by, e.Path)
	return each(*now)
}

// rest hands over what has come before a path, all for "".
func (c *changes) rest(before string, each func(backup.FileEntry) error) error {
	for len(c.order) > 0 && (before == "" || walks(c.order[0], before) < 0) {
		e := c.by[c.order[0]]
		c.order = c.order[1:]
		if e == nil {
			continue // it was in the list before
		}
		delete(c.by, e.Path)
		if err := each(*e); err != nil {
			return err
		}
	}
	return nil
}

// walks compares paths as a walk of the tree meets them: what is in a directory comes before its longer neighbours.
func walks(a, b string) int {
	return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/"))
}

// volume is what a manifest says of one of a set's volumes.
type volume struct {
	set    string // its time
	number int
	sum    string // SHA-1
}

// check has the instance fetch and open the chain's manifests and signatures, looks whether every volume that they name
// is there, and reads some of them.
func (d duplicity) check(ctx context.Context, s *engineSession, b backup.Backup) (VerifyFilesResult, error) {
	o, err := s.mustRun(ctx, "check", scriptInput{"snapshot": b.Snapshot}, nil)
	if err != nil {
		return s.verificationResult(o, err)
	}
	all, err := sets(ctx, s.store, s.container, s.plan)
	if err != nil {
		return VerifyFilesResult{}, err
	}
	links := chain(all, b.Snapshot)
	if len(links) == 0 || links[len(links)-1].base != "" {
		return s.verificationResult(o, errSnapshotMissing)
	}
	told, sample := 0, 0
	for _, v := range o.volumes {
		i := slices.IndexFunc(links, func(l *set) bool { return l.at == v.set })
		if i < 0 {
			continue // of a later set
		}
		name, ok := links[i].volumes[v.number]
		if told++; !ok {
			return VerifyFilesResult{Detail: fmt.Sprintf("the volume %d of the backup of %s is missing", v.number, v.set)}, nil
		}
		if told > 1 && rand.IntN(20) > 0 { // the first always, then 5 %
			continue
		}
		sample++
		if good, err := s.unchanged(ctx, name, v.sum); err != nil || !good {
			return VerifyFilesResult{Detail: fmt.Sprintf("%s is not what was stored", name)}, err
		}
	}
	if told == 0 {
		return VerifyFilesResult{Detail: "the manifest names no volume"}, nil
	}
	return s.verificationResult(o, nil)
}

// unchanged reads an object and compares it.
func (s *engineSession) unchanged(ctx context.Context, name, want string) (bool, error) {
	object, _, err := s.store.ObjectOpen(ctx, s.container, name, false, nil)
	if err != nil {
		return false, openstack.Fault("swift", err)
	}
	defer object.Close() //nolint:errcheck // it was read to its end
	have := sha1.New()   //nolint:gosec // the checksum that duplicity keeps of its volumes
	_, err = io.Copy(have, object)
	return err == nil && hex.EncodeToString(have.Sum(nil)) == want, openstack.Fault("swift", err)
}
