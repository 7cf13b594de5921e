package backup

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/ncw/swift/v2"
	"golang.org/x/sync/errgroup"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// RecordsContainer is the Swift container with the metadata of file backups: <instance>/<snapshot>.json is the record of a backup,
// <instance>/<snapshot>.files.jsonl.gz its file list.
const RecordsContainer = "mcm-backups"

const (
	recordSuffix = ".json"
	filesSuffix  = ".files.jsonl.gz"
)

// Records stores the records of file backups. It caches records by the hash of the object, so that List needs one request,
// and one more for each record that has changed since the last call.
type Records struct {
	// Store returns a connection to the project's object storage.
	Store func(ctx context.Context) (*swift.Connection, error)

	mu    sync.Mutex
	known map[string]record // by object name
}

type record struct {
	hash   string
	backup Backup
}

func nameOf(id, suffix string) string {
	instance, snapshot := FileBackupOf(id)
	return instance + "/" + snapshot + suffix
}

// maxConcurrentReads limits the number of records that are read concurrently.
const maxConcurrentReads = 8

// List returns the file backups of an instance, or of all instances if instance is "", newest first.
func (r *Records) List(ctx context.Context, instance string) ([]Backup, error) {
	store, err := r.Store(ctx)
	if err != nil {
		return nil, err
	}
	prefix := ""
	if instance != "" {
		prefix = instance + "/"
	}
	objects, err := store.ObjectsAll(ctx, RecordsContainer, &swift.ObjectsOpts{Prefix: prefix, Limit: 10_000})
	if errors.Is(err, swift.ContainerNotFound) {
		return []Backup{}, nil
	}
	if err != nil {
		return nil, openstack.Fault("swift", err)
	}
	objects = slices.DeleteFunc(objects, func(o swift.Object) bool { return !strings.HasSuffix(o.Name, recordSuffix) })
	out, err := r.readAll(ctx, store, objects)
	if err != nil {
		return nil, err
	}
	r.evictDeleted(prefix, objects)
	slices.SortFunc(out, func(a, b Backup) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return out, nil
}

func (r *Records) readAll(ctx context.Context, store *swift.Connection, objects []swift.Object) ([]Backup, error) {
	records := make([]*Backup, len(objects))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxConcurrentReads)
	for i, o := range objects {
		if b, ok := r.cached(o.Name, o.Hash); ok {
			records[i] = &b
			continue
		}
		group.Go(func() error {
			b, err := r.fetch(ctx, store, o.Name)
			if fault.KindOf(err) == fault.NotFound { // deleted since it was listed
				return nil
			}
			records[i] = &b
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := []Backup{}
	for _, b := range records {
		if b != nil {
			out = append(out, *b)
		}
	}
	return out, nil
}

func (r *Records) cached(name, hash string) (Backup, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.known[name]
	return k.backup, ok && k.hash == hash
}

func (r *Records) cache(name, hash string, b Backup) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string]record{}
	}
	r.known[name] = record{hash, b}
}

// evictDeleted removes the records with the prefix that are not in the listing from the cache.
func (r *Records) evictDeleted(prefix string, listed []swift.Object) {
	exists := map[string]bool{}
	for _, o := range listed {
		exists[o.Name] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for name := range r.known {
		if strings.HasPrefix(name, prefix) && !exists[name] {
			delete(r.known, name)
		}
	}
}

func (r *Records) fetch(ctx context.Context, store *swift.Connection, name string) (Backup, error) {
	var b Backup
	var raw strings.Builder
	headers, err := store.ObjectGet(ctx, RecordsContainer, name, &raw, true, nil)
	if err != nil {
		return b, openstack.Fault("swift", err)
	}
	if err := json.Unmarshal([]byte(raw.String()), &b); err != nil {
		return b, fault.New(fault.Internal, err, "the record %s of a backup cannot be read: %v", name, err)
	}
	r.cache(name, strings.Trim(headers["Etag"], `"`), b)
	return b, nil
}

// Get reads one file backup, bypassing the cache. The error is a NotFound fault if it does not exist.
func (r *Records) Get(ctx context.Context, id string) (Backup, error) {
	if instance, snapshot := FileBackupOf(id); MethodOf(id) != FileLevel || instance == "" || snapshot == "" || strings.ContainsAny(id, "/") {
		return Backup{}, fault.New(fault.NotFound, nil, "there is no backup %s", id)
	}
	store, err := r.Store(ctx)
	if err != nil {
		return Backup{}, err
	}
	b, err := r.fetch(ctx, store, nameOf(id, recordSuffix))
	if fault.KindOf(err) == fault.NotFound {
		return b, fault.New(fault.NotFound, err, "there is no backup %s", id)
	}
	return b, err
}

// Put writes the record of a file backup and replaces an existing one.
func (r *Records) Put(ctx context.Context, b Backup) error {
	raw, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	store, err := r.open(ctx)
	if err != nil {
		return err
	}
	return openstack.Fault("swift", store.ObjectPutBytes(ctx, RecordsContainer, nameOf(b.ID, recordSuffix), raw, "application/json"))
}

// open returns a connection to the storage after it has created the container if necessary.
func (r *Records) open(ctx context.Context) (*swift.Connection, error) {
	store, err := r.Store(ctx)
	if err != nil {
		return nil, err
	}
	return store, openstack.Fault("swift", store.ContainerCreate(ctx, RecordsContainer, nil))
}

// Delete deletes the record and the file list of a file backup. It succeeds if they do not exist.
func (r *Records) Delete(ctx context.Context, id string) error {
	store, err := r.Store(ctx)
	if err != nil {
		return err
	}
	for _, suffix := range []string{filesSuffix, recordSuffix} {
		err := store.ObjectDelete(ctx, RecordsContainer, nameOf(id, suffix))
		if err != nil && !errors.Is(err, swift.ObjectNotFound) && !errors.Is(err, swift.ContainerNotFound) {
			return openstack.Fault("swift", err)
		}
	}
	return nil
}
