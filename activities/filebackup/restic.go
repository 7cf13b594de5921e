package filebackup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/ncw/swift/v2"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// restic parses the output of restic. https://restic.readthedocs.io/en/stable/075_scripting.html
type restic struct{ *connection }

// snapshotObjects is the prefix of snapshot objects in the storage; the snapshot ID follows.
const snapshotObjects = "snapshots/"

func (s restic) environment(url string) map[string]string {
	return map[string]string{"RESTIC_REPOSITORY": "swift:" + s.container + ":/", "OS_STORAGE_URL": url, "OS_AUTH_TOKEN": s.proxy.Token,
		"RESTIC_PROGRESS_FPS": "1"}
}

func (s restic) input() scriptInput { return scriptInput{"password": s.password} }

func (restic) excludes(patterns []string) []string { return patterns }

// pattern escapes wildcards in the path.
func (restic) pattern(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// resticMessage has the fields of all JSON messages of restic.
type resticMessage struct {
	MessageType string  `json:"message_type"`
	PercentDone float64 `json:"percent_done"`
	BytesDone   int64   `json:"bytes_done"`

	SnapshotID string `json:"snapshot_id"`

	StructType string      `json:"struct_type"`
	Type       string      `json:"type"`
	Path       string      `json:"path"`
	Size       int64       `json:"size"`
	Mode       fs.FileMode `json:"mode"`
	UID        uint32      `json:"uid"`
	GID        uint32      `json:"gid"`
	MTime      time.Time   `json:"mtime"`
}

func (restic) read(line string) event {
	if strings.HasPrefix(line, "[") || line == "null" {
		list := []snapshot{}
		if json.Unmarshal([]byte(line), &list) == nil {
			return event{snapshots: list}
		}
	}
	var s resticMessage
	if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &s) != nil {
		return event{}
	}
	switch {
	case s.MessageType == "status":
		return event{progress: &progress{s.PercentDone, s.BytesDone}}
	case s.MessageType == "summary":
		return event{summary: &summary{s.SnapshotID}}
	case s.StructType == "node":
		return event{entry: &backup.FileEntry{Path: s.Path, Type: typeOf(s.Type), Size: s.Size, Mode: unixMode(s.Mode), UID: s.UID, GID: s.GID, MTime: s.MTime.UTC()}}
	}
	return event{}
}

func typeOf(name string) string {
	switch name {
	case backup.EntryFile, backup.EntryDir, backup.EntryLink:
		return name
	}
	return backup.EntryOther
}

// unixMode returns the mode bits in the layout of chmod.
func unixMode(m fs.FileMode) uint32 {
	out := uint32(m.Perm())
	for bit, unix := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&bit != 0 {
			out |= unix
		}
	}
	return out
}

func (restic) classifyError(stderr string) error {
	switch {
	case strings.Contains(stderr, "wrong password or no key found"):
		return fault.New(fault.Invalid, nil, "the repository does not open with the project's backup key: it was created with another key")
	case strings.Contains(stderr, "no space left on device"):
		return fault.New(fault.Quota, nil, "no space is left on the instance")
	case strings.Contains(stderr, "already locked"):
		return fault.New(fault.Unavailable, nil, "the repository is in use by another run")
	case strings.Contains(stderr, "no matching ID"), strings.Contains(stderr, "no snapshot found"):
		return errSnapshotMissing
	}
	return nil
}

func (restic) damaged(stderr string) bool {
	for _, words := range []string{"repository contains errors", "pack file cannot be listed", "does not exist", "ciphertext verification failed",
		"hash does not match", "invalid data returned", "invalid content", "no matching ID", "There were", "unable to load", "not found in index"} {
		if strings.Contains(stderr, words) {
			return true
		}
	}
	return false
}

func (s restic) probe(ctx context.Context) (exists, held bool, err error) {
	locks, err := s.store.ObjectNames(ctx, s.container, &swift.ObjectsOpts{Prefix: "locks/", Limit: 1})
	if errors.Is(err, swift.ContainerNotFound) {
		return false, false, nil
	}
	if err != nil {
		return false, false, openstack.Fault("swift", err)
	}
	_, _, err = s.store.Object(ctx, s.container, "config")
	if errors.Is(err, swift.ObjectNotFound) {
		return false, false, nil
	}
	return err == nil, len(locks) > 0, openstack.Fault("swift", err)
}

// prepare does nothing: a snapshot carries its tags.
func (restic) prepare(context.Context, BackUpFilesInput) error { return nil }

// snapshots runs restic only if a snapshot has no record, because restic takes at least half a second to open a repository.
func (s restic) snapshots(ctx context.Context) (list []snapshot, o *commandResult, err error) {
	if list, err = s.recordedSnapshots(ctx, snapshotObjects); err != nil || list != nil {
		return list, &commandResult{}, err
	}
	o, err = s.mustRun(ctx, "find", nil, func(e event) { list = append(list, e.snapshots...) })
	return list, o, err
}

// recordedSnapshots returns the snapshots of the objects below a prefix, or nil if not all of them have records.
func (s restic) recordedSnapshots(ctx context.Context, prefix string) ([]snapshot, error) {
	names, err := s.store.ObjectNamesAll(ctx, s.container, &swift.ObjectsOpts{Prefix: prefix, Limit: 10_000})
	if err != nil {
		return nil, openstack.Fault("swift", err)
	}
	records, err := s.records.List(ctx, s.instance)
	if err != nil {
		return nil, err
	}
	out := make([]snapshot, 0, len(names))
	for _, name := range names {
		i := slices.IndexFunc(records, func(b backup.Backup) bool { return prefix+b.Snapshot == name })
		if i < 0 {
			return nil, nil
		}
		out = append(out, ofRecord(records[i]))
	}
	return out, nil
}

// ofRecord converts a record to a snapshot.
func ofRecord(b backup.Backup) snapshot {
	return snapshot{ID: b.Snapshot, Time: b.CreatedAt, Tags: []string{taskTag + b.Task, planTag + b.Plan}, Paths: b.Directories, Parent: b.Parent}
}

// findSnapshot uses the summary of restic, which before version 0.15 holds only a prefix of the ID, to avoid opening the
// repository again. It runs restic only if the listing lags behind.
func (s restic) findSnapshot(ctx context.Context, in BackUpFilesInput, m measure) (snapshot, bool, error) {
	var names []string
	if m.snapshot != "" && !m.began.IsZero() {
		var err error
		if names, err = s.store.ObjectNames(ctx, s.container, &swift.ObjectsOpts{Prefix: snapshotObjects + m.snapshot, Limit: 2}); err != nil {
			return snapshot{}, false, openstack.Fault("swift", err)
		}
	}
	if len(names) != 1 {
		list, _, err := s.snapshots(ctx)
		made, found := tagged(list, taskTag+in.Task)
		return made, found, err
	}
	return snapshot{ID: strings.TrimPrefix(names[0], snapshotObjects), Time: m.began}, true, nil
}

// stats counts the objects that were stored between the start of the snapshot and the snapshot object, which is written
// last.
func (s restic) stats(ctx context.Context, made snapshot) (measure, error) {
	last, _, err := s.store.Object(ctx, s.container, snapshotObjects+made.ID)
	if err != nil {
		return measure{}, openstack.Fault("swift", err)
	}
	m := measure{duration: max(0, last.LastModified.Sub(made.Time))}
	err = s.store.ObjectsWalk(ctx, s.container, &swift.ObjectsOpts{Limit: 10_000}, func(ctx context.Context, o *swift.ObjectsOpts) (any, error) {
		list, err := s.store.Objects(ctx, s.container, o)
		for _, object := range list {
			// the library truncates fractions
			if !object.LastModified.Before(made.Time.Truncate(time.Second)) && object.LastModified.Before(last.LastModified.Add(time.Second)) {
				m.changed += object.Bytes
			}
		}
		return list, err
	})
	return m, openstack.Fault("swift", err)
}

// cleanup does nothing: a prune deletes leftovers.
func (restic) cleanup(context.Context, snapshot) error { return nil }

func (s restic) list(ctx context.Context, b backup.Backup, each func(backup.FileEntry) error) error {
	return s.listed(ctx, scriptInput{"snapshot": b.Snapshot}, each)
}

// expectedFiles does not check the snapshot: restic reports a missing one.
func (restic) expectedFiles(context.Context, backup.Backup) (expectation, error) {
	return expectation{}, nil
}

func (s restic) check(ctx context.Context, _ backup.Backup) (VerifyFilesResult, error) {
	o, err := s.mustRun(ctx, "check", scriptInput{"subset": part()}, nil)
	return verificationResult(s, o, err)
}

// part selects a random twentieth of the data for a check. It is written in the syntax that restic of Debian 11 supports;
// subset is the same share in percent.
func part() string { return fmt.Sprintf("%d/20", 1+rand.IntN(20)) }
