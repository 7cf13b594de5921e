package filebackup

import (
	"context"
	"crypto/sha1" //nolint:gosec // the checksum that duplicity stores for its volumes
	"encoding/hex"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/platform/i18n"
)

// list merges the file list of the previous set with the changes of this set, because a complete listing takes duplicity
// longer than many backups. Without a previous list, or with too many changes, it lists the complete set.
func (s duplicity) list(ctx context.Context, b backup.Backup, each func(backup.FileEntry) error) error {
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

// maxChanges bounds the changes that are held in memory.
const maxChanges = 200_000

// changes holds the entries that a set has changed or deleted, in the order of a walk.
type changes struct {
	by    map[string]*backup.FileEntry // nil for a deleted entry
	order []string
}

func (s duplicity) changes(ctx context.Context, b backup.Backup) (*changes, error) {
	c := &changes{by: map[string]*backup.FileEntry{}}
	_, err := s.mustRun(ctx, "list", scriptInput{"snapshot": b.Snapshot, "since": "before"}, func(e event) {
		switch {
		case len(c.by) > maxChanges:
		case e.deleted != "":
			c.by[e.deleted] = nil
		case e.entry != nil:
			c.by[e.entry.Path] = e.entry
			c.order = append(c.order, e.entry.Path)
		}
	})
	return c, err
}

// replace passes the current state of an entry of the previous list to each, after the new entries that precede it.
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

// rest passes the new entries before a path to each; "" passes all.
func (c *changes) rest(before string, each func(backup.FileEntry) error) error {
	for len(c.order) > 0 && (before == "" || walks(c.order[0], before) < 0) {
		e := c.by[c.order[0]]
		c.order = c.order[1:]
		if e == nil {
			continue // already in the previous list
		}
		delete(c.by, e.Path)
		if err := each(*e); err != nil {
			return err
		}
	}
	return nil
}

// walks compares paths in the order of a tree walk: the contents of a directory come before siblings with a longer name.
func walks(a, b string) int {
	return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/"))
}

// volume is one volume of a set as the manifest lists it.
type volume struct {
	set    string // time of the set
	number int
	sum    string // SHA-1
}

// check decrypts the manifests and signatures of the chain on the instance, checks that every volume in them exists, and
// reads a sample of the volumes.
func (s duplicity) check(ctx context.Context, b backup.Backup) (VerifyFilesResult, error) {
	o, err := s.mustRun(ctx, "check", scriptInput{"snapshot": b.Snapshot}, nil)
	if err != nil {
		return verificationResult(s, o, err)
	}
	all, err := sets(ctx, s.store, s.container, s.plan)
	if err != nil {
		return VerifyFilesResult{}, err
	}
	links := chain(all, b.Snapshot)
	if len(links) == 0 || links[len(links)-1].base != "" {
		return verificationResult(s, o, errSnapshotMissing)
	}
	count, sample := 0, 0
	for _, v := range o.volumes {
		i := slices.IndexFunc(links, func(l *set) bool { return l.at == v.set })
		if i < 0 {
			continue // belongs to a later set
		}
		name, ok := links[i].volumes[v.number]
		if count++; !ok {
			return VerifyFilesResult{Detail: i18n.Messagef("the volume %d of the backup of %s is missing", v.number, v.set)}, nil
		}
		if count > 1 && rand.IntN(20) > 0 { // always the first volume, then 5 %
			continue
		}
		sample++
		if good, err := s.unchanged(ctx, name, v.sum); err != nil || !good {
			return VerifyFilesResult{Detail: i18n.Messagef("%s differs from what was stored", name)}, err
		}
	}
	if count == 0 {
		return VerifyFilesResult{Detail: i18n.Messagef("the manifest names no volume")}, nil
	}
	return verificationResult(s, o, nil)
}

// unchanged reports whether the checksum of an object matches.
func (s duplicity) unchanged(ctx context.Context, name, want string) (bool, error) {
	object, _, err := s.store.ObjectOpen(ctx, s.container, name, false, nil)
	if err != nil {
		return false, openstack.Fault("swift", err)
	}
	defer object.Close() //nolint:errcheck // the object was read completely
	have := sha1.New()   //nolint:gosec // the checksum that duplicity stores for its volumes
	_, err = io.Copy(have, object)
	return err == nil && hex.EncodeToString(have.Sum(nil)) == want, openstack.Fault("swift", err)
}
