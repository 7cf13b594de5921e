package filebackup

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncw/swift/v2"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/backup/swiftproxy"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// duplicity parses the output of duplicity and its objects in the storage. Each plan of an instance has its own chains,
// below the plan's ID in the instance's container. https://duplicity.gitlab.io/stable/duplicity.1.html
type duplicity struct{ *connection }

// environment sets the storage URL twice, because the two Swift backends of duplicity read different variables.
func (s duplicity) environment(url string) map[string]string {
	return map[string]string{"SWIFT_PREAUTHURL": url, "SWIFT_PREAUTHTOKEN": s.proxy.Token, "OS_STORAGE_URL": url, "OS_AUTH_TOKEN": s.proxy.Token,
		"PASSPHRASE": s.password, "LC_ALL": "C.UTF-8"}
}

// input has no limit: duplicity has none, so the proxy limits the rate.
func (s duplicity) input() scriptInput {
	s.proxy.Limit = s.limit << 10
	if s.task != "" {
		s.proxy.RunID = runName(s.task)
	}
	return scriptInput{"repository": "swift://" + s.container + "/" + s.plan, "archive": s.instance + "." + s.plan}
}

// pattern escapes wildcards in the path. Duplicity has no escape character, only ranges of one character.
func (duplicity) pattern(path string) string {
	return strings.NewReplacer(`[`, `[[]`, `*`, `[*]`, `?`, `[?]`).Replace(path)
}

// excludes gives patterns the meaning that they have in restic: a name matches in every directory.
func (duplicity) excludes(patterns []string) []string {
	out := make([]string, 0, len(patterns))
	for _, p := range patterns {
		if p = strings.TrimRight(p, "/"); p == "" {
			continue
		}
		if !strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "**") {
			p = "**/" + p
		}
		out = append(out, p)
	}
	return out
}

var unreadablePattern = regexp.MustCompile(`^Errors ([1-9]\d*)$`)

func (duplicity) read(line string) event {
	if m := unreadablePattern.FindStringSubmatch(line); m != nil {
		n, _ := strconv.ParseInt(m[1], 10, 64) // the pattern allows only digits
		return event{unread: n}
	}
	var l struct {
		Entry   *backup.FileEntry
		Deleted string
	}
	if strings.HasPrefix(line, `{"`) && json.Unmarshal([]byte(line), &l) == nil {
		return event{entry: l.Entry, deleted: l.Deleted}
	}
	return event{}
}

var errWrongKey = fault.New(fault.Invalid, nil, "the repository does not open with the project's backup key: it was created with another key")

func (duplicity) classifyError(stderr string) error {
	switch {
	case strings.Contains(stderr, "No space left on device"):
		return fault.New(fault.Quota, nil, "no space is left on the instance")
	case strings.Contains(stderr, "KeyError: "): // a volume in the manifest is missing
		return fault.New(fault.NotFound, nil, "a part of the backup is missing in the storage")
	case strings.Contains(stderr, "GnuPG log"):
		return fault.New(fault.Internal, nil, "gpg cannot decrypt the backup: it is damaged, or was encrypted with another key")
	case strings.Contains(stderr, "Another duplicity instance is already running"):
		return fault.New(fault.Unavailable, nil, "the repository is in use by another run")
	}
	return nil
}

func (duplicity) damaged(stderr string) bool {
	for _, words := range []string{"Invalid data", "GPGError", "gpg: ", "404 Not Found", "not found in archive", "manifest", "librsync error", "tarfile", "zlib", "CRC",
		"No signature chain", "No backup chains"} {
		if strings.Contains(stderr, words) {
			return true
		}
	}
	return false
}

// keyObject identifies the key of the repository, so that a chain is never continued with another key.
const keyObject = "key"

func (s duplicity) probe(ctx context.Context) (exists, held bool, err error) {
	mac := hmac.New(sha256.New, []byte(s.password))
	_, _ = mac.Write([]byte("key of the repository")) // a hash never fails
	sum := []byte(hex.EncodeToString(mac.Sum(nil)))
	have, err := s.store.ObjectGetBytes(ctx, s.container, keyObject)
	switch {
	case errors.Is(err, swift.ObjectNotFound) && s.access == swiftproxy.Append:
		err = s.store.ObjectPutBytes(ctx, s.container, keyObject, sum, "text/plain")
		return true, false, openstack.Fault("swift", err)
	case errors.Is(err, swift.ObjectNotFound), errors.Is(err, swift.ContainerNotFound):
		return false, false, nil
	case err != nil:
		return false, false, openstack.Fault("swift", err)
	case !bytes.Equal(have, sum):
		return true, false, fault.New(fault.Invalid, nil, "%s: %s", s.name, fault.MessageOf(errWrongKey))
	}
	return true, false, nil
}

// runPrefix is the prefix of the objects that describe runs. The proxy adds the name of the run to every object that it
// uploads, and nothing on the instance can change that.
const runPrefix = "runs/"

func runName(task string) string {
	sum := sha256.Sum256([]byte(task))
	return hex.EncodeToString(sum[:16])
}

// run describes a backup before it is made.
type run struct {
	Task        string   `json:"task"`
	Directories []string `json:"directories"`
}

// prepare deletes signature files left by an interrupted attempt of this run. Otherwise duplicity sees them diverge from
// the last complete set and makes a full backup.
func (s duplicity) prepare(ctx context.Context, in BackUpFilesInput) error {
	if err := s.removeRun(ctx, in.Task); err != nil {
		return err
	}
	raw, err := json.Marshal(run{in.Task, in.Plan.Directories})
	if err != nil {
		return err
	}
	return openstack.Fault("swift", s.store.ObjectPutBytes(ctx, s.container, runPrefix+runName(in.Task), raw, "application/json"))
}

// removeRun deletes the signatures of the run's incomplete sets. The volumes are kept until they are old: a listing may lag
// behind, and a set can be restored without signatures.
func (s duplicity) removeRun(ctx context.Context, task string) error {
	all, err := sets(ctx, s.store, s.container, s.plan)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.manifest != nil {
			continue
		}
		for _, name := range one.names {
			if !strings.Contains(name, ".sigtar") {
				continue
			}
			run, err := runByObject(ctx, s.store, s.container, name)
			if err == nil && run == runName(task) {
				err = openstack.Fault("swift", s.store.ObjectDelete(ctx, s.container, name))
			}
			if fault.IgnoreNotFound(err) != nil {
				return err
			}
		}
	}
	return nil
}

// runByObject returns the name of the run that created an object, or "" for objects that were created manually.
func runByObject(ctx context.Context, store *swift.Connection, container, object string) (string, error) {
	_, headers, err := store.Object(ctx, container, object)
	return headers[swiftproxy.RunHeader], openstack.Fault("swift", err)
}

// snapshots derives the snapshots from the object names in the storage. For sets without a record, it reads the run that
// created them.
func (s duplicity) snapshots(ctx context.Context) ([]snapshot, *commandResult, error) {
	o := &commandResult{}
	all, err := sets(ctx, s.store, s.container, s.plan)
	if err != nil {
		return nil, o, err
	}
	records, err := s.records.List(ctx, s.instance)
	if err != nil {
		return nil, o, err
	}
	var out []snapshot
	for _, one := range completeSets(all) {
		have := snapshot{ID: one.id(), Time: one.time(), Parent: one.parent()}
		if i := slices.IndexFunc(records, func(b backup.Backup) bool { return b.Snapshot == have.ID }); i >= 0 {
			have = ofRecord(records[i])
		} else if err := s.tag(ctx, one, &have); err != nil {
			return nil, o, err
		}
		out = append(out, have)
	}
	return out, o, nil
}

// tag adds the tags that prepare saved for the snapshot.
func (s duplicity) tag(ctx context.Context, one *set, have *snapshot) error {
	name, err := runByObject(ctx, s.store, s.container, one.manifest.Name)
	if err != nil || name == "" {
		return err
	}
	raw, err := s.store.ObjectGetBytes(ctx, s.container, runPrefix+name)
	if errors.Is(err, swift.ObjectNotFound) {
		return nil
	}
	if err != nil {
		return openstack.Fault("swift", err)
	}
	var of run
	if err := json.Unmarshal(raw, &of); err != nil {
		return fault.New(fault.Internal, err, "the record %s of a backup cannot be read: %v", name, err)
	}
	have.Tags, have.Paths = []string{taskTag + of.Task, planTag + one.plan}, of.Directories
	return nil
}

func (s duplicity) findSnapshot(ctx context.Context, in BackUpFilesInput, _ measure) (snapshot, bool, error) {
	list, _, err := s.snapshots(ctx)
	made, found := tagged(list, taskTag+in.Task)
	return made, found, err
}

func (s duplicity) stats(ctx context.Context, made snapshot) (measure, error) {
	all, err := sets(ctx, s.store, s.container, s.plan)
	if err != nil {
		return measure{}, err
	}
	for _, one := range all {
		if one.id() == made.ID && one.manifest != nil {
			return measure{changed: one.bytes, duration: max(0, one.manifest.LastModified.Sub(made.Time))}, nil
		}
	}
	return measure{}, errSnapshotMissing
}

// staleRunAge is the minimum age of incomplete sets that are deleted: a listing may lag behind.
const staleRunAge = 24 * time.Hour

// cleanup deletes incomplete sets of older runs of the plan, and sets whose parent is missing.
func (s duplicity) cleanup(ctx context.Context, made snapshot) error {
	all, err := sets(ctx, s.store, s.container, s.plan)
	if err != nil {
		return err
	}
	good := completeSets(all)
	for _, one := range all {
		if !slices.Contains(good, one) && one.time().Before(made.Time.Add(-staleRunAge)) {
			if err := one.remove(ctx, s.store, s.container); err != nil {
				return err
			}
		}
	}
	return nil
}

// expectedFiles fails if the set was deleted: duplicity would silently restore the previous one.
func (s duplicity) expectedFiles(ctx context.Context, b backup.Backup) (expectation, error) {
	want := expectation{inexact: true}
	list, _, err := s.snapshots(ctx)
	if err == nil && !slices.ContainsFunc(list, func(have snapshot) bool { return have.ID == b.Snapshot }) {
		err = errSnapshotMissing
	}
	return want, err
}
