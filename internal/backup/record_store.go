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

// RecordsContainer is where what is known of soft backups lies: <instance>/<snapshot>.json is the record,
// <instance>/<snapshot>.files.jsonl.gz the list of its files.
const RecordsContainer = "mcm-backups"

const (
	recordSuffix = ".json"
	filesSuffix  = ".files.jsonl.gz"
)

// Records are the records of soft backups. What was read is remembered by its hash, so a list costs one
// request and one more for each record that has changed since.
type Records struct {
	// Store is the project's object storage.
	Store func(ctx context.Context) (*swift.Connection, error)

	mu    sync.Mutex
	known map[string]record // by the object's name
}

type record struct {
	hash   string
	backup Backup
}

func nameOf(id, suffix string) string {
	instance, snapshot := FileBackupOf(id)
	return instance + "/" + snapshot + suffix
}

// maxConcurrentReads bounds the records that are fetched at once.
const maxConcurrentReads = 8

// List returns the soft backups of an instance, of all for "", the newest first.
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
	r.forgetOthers(prefix, objects)
	slices.SortFunc(out, func(a, b Backup) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return out, nil
}

func (r *Records) readAll(ctx context.Context, store *swift.Connection, objects []swift.Object) ([]Backup, error) {
	found := make([]*Backup, len(objects))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxConcurrentReads)
	for i, o := range objects {
		if b, ok := r.recall(o.Name, o.Hash); ok {
			found[i] = &b
			continue
		}
		group.Go(func() error {
			b, err := r.fetch(ctx, store, o.Name)
			if fault.KindOf(err) == fault.NotFound { // deleted since it was listed
				return nil
			}
			found[i] = &b
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := []Backup{}
	for _, b := range found {
		if b != nil {
			out = append(out, *b)
		}
	}
	return out, nil
}

func (r *Records) recall(name, hash string) (Backup, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.known[name]
	return k.backup, ok && k.hash == hash
}

func (r *Records) keep(name, hash string, b Backup) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string]record{}
	}
	r.known[name] = record{hash, b}
}

// forgetOthers lets go of what a listing did not have.
func (r *Records) forgetOthers(prefix string, listed []swift.Object) {
	there := map[string]bool{}
	for _, o := range listed {
		there[o.Name] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for name := range r.known {
		if strings.HasPrefix(name, prefix) && !there[name] {
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
	r.keep(name, strings.Trim(headers["Etag"], `"`), b)
	return b, nil
}

// Get returns one soft backup, read anew.
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

// Put writes the record of a soft backup, in the place of the one that was there.
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

// open returns the storage with the container in it.
func (r *Records) open(ctx context.Context) (*swift.Connection, error) {
	store, err := r.Store(ctx)
	if err != nil {
		return nil, err
	}
	return store, openstack.Fault("swift", store.ContainerCreate(ctx, RecordsContainer, nil))
}

// Delete deletes the record of a soft backup and the list of its files; what is not there is a success.
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
