package backup

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/ncw/swift/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// FileEntry is a file, a directory or a link in a soft backup.
type FileEntry struct {
	Path  string    `json:"path"`
	Type  string    `json:"type" enum:"file,dir,symlink,other"`
	Size  int64     `json:"size,omitempty"`
	Mode  uint32    `json:"mode" doc:"permissions, as chmod has them"`
	UID   uint32    `json:"uid"`
	GID   uint32    `json:"gid"`
	MTime time.Time `json:"mtime"`
}

// The types of entries.
const (
	EntryFile  = "file"
	EntryDir   = "dir"
	EntryLink  = "symlink"
	EntryOther = "other"
)

// FilesPage is a part of what a backup holds.
type FilesPage struct {
	Items []FileEntry
	Next  string // where the next page starts, "" after the last
}

// Index is the list of a backup's files while it is written: entries go from the engine to the storage
// without being kept. Its owner closes it.
type Index struct {
	object *swift.ObjectCreateFile
	zip    *gzip.Writer
	lines  *json.Encoder
}

// NewIndex starts the list of a backup's files. An older one stays until Close succeeds.
func (r *Records) NewIndex(ctx context.Context, id string) (*Index, error) {
	store, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	object, err := store.ObjectCreate(ctx, RecordsContainer, nameOf(id, filesSuffix), false, "", "application/gzip", nil)
	if err != nil {
		return nil, openstack.Fault("swift", err)
	}
	zip := gzip.NewWriter(object)
	return &Index{object: object, zip: zip, lines: json.NewEncoder(zip)}, nil
}

// Add adds an entry. Entries come as a walk of the tree has them: a directory before what is in it, and
// what is in it before what comes next.
func (i *Index) Add(e FileEntry) error { return openstack.Fault("swift", i.lines.Encode(e)) }

// Close writes what is left. After it the list is whole.
func (i *Index) Close() error {
	if err := i.zip.Close(); err != nil {
		i.Abort()
		return openstack.Fault("swift", err)
	}
	return openstack.Fault("swift", i.object.Close())
}

// Abort gives the list up: the storage keeps none of it.
func (i *Index) Abort() { _ = i.object.CloseWithError(errAborted) }

var errAborted = errors.New("the list of files was given up")

// Files returns what a backup holds in the directory at dir, or, with a query, everything below it whose
// name contains the query. It reads the list as a stream and keeps a page of it.
func (r *Records) Files(ctx context.Context, id, dir, query string, limit int, pageToken string) (FilesPage, error) {
	object, err := r.openIndex(ctx, id)
	if err != nil {
		return FilesPage{}, err
	}
	defer object.Close() //nolint:errcheck // it was read as far as is needed
	page, err := listFiles(object, dir, query, limit, pageToken)
	return page, openstack.Fault("swift", err)
}

func (r *Records) openIndex(ctx context.Context, id string) (*swift.ObjectOpenFile, error) {
	store, err := r.Store(ctx)
	if err != nil {
		return nil, err
	}
	object, _, err := store.ObjectOpen(ctx, RecordsContainer, nameOf(id, filesSuffix), false, nil)
	if errors.Is(err, swift.ObjectNotFound) || errors.Is(err, swift.ContainerNotFound) {
		return nil, fault.New(fault.NotFound, err, "there is no list of the files of the backup %s", id)
	}
	return object, openstack.Fault("swift", err)
}

// Entries hands over everything that a backup holds, as a stream.
func (r *Records) Entries(ctx context.Context, id string, each func(FileEntry) error) error {
	object, err := r.openIndex(ctx, id)
	if err != nil {
		return err
	}
	defer object.Close() //nolint:errcheck // it was read to its end
	zip, err := gzip.NewReader(object)
	if err != nil {
		return openstack.Fault("swift", err)
	}
	for lines := json.NewDecoder(zip); ; {
		var e FileEntry
		switch err := lines.Decode(&e); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return openstack.Fault("swift", err)
		}
		if err := each(e); err != nil {
			return err
		}
	}
}

// listFiles looks for a page in a list. The token is the number of the line to go on at.
func listFiles(list io.Reader, dir, query string, limit int, pageToken string) (FilesPage, error) {
	page := FilesPage{Items: []FileEntry{}}
	from, err := strconv.Atoi(cmp.Or(pageToken, "0"))
	if err != nil {
		return page, fault.InvalidField("page_token", "it is none that a page of this list gave")
	}
	zip, err := gzip.NewReader(list)
	if err != nil {
		return page, err
	}
	query, inside := strings.ToLower(query), within(path.Clean("/"+dir))
	lines := bufio.NewReader(zip)
	for at, entered := 0, false; ; at++ {
		raw, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return page, nil
		}
		if err != nil {
			return page, err
		}
		if at < from {
			continue
		}
		var e FileEntry
		if err := json.Unmarshal(raw, &e); err != nil {
			return page, err
		}
		below, direct := inside(e.Path)
		if entered && !below {
			return page, nil // the walk has left the directory for good
		}
		entered = below
		if !below || !wanted(e, query, direct) {
			continue
		}
		if len(page.Items) == limit {
			page.Next = strconv.Itoa(at)
			return page, nil
		}
		page.Items = append(page.Items, e)
	}
}

func wanted(e FileEntry, query string, direct bool) bool {
	if query == "" {
		return direct
	}
	return strings.Contains(strings.ToLower(path.Base(e.Path)), query)
}

// within tells of a path whether it is below dir, and whether it is in dir itself.
func within(dir string) func(name string) (below, direct bool) {
	prefix := strings.TrimSuffix(dir, "/") + "/"
	return func(name string) (bool, bool) {
		rest, below := strings.CutPrefix(name, prefix)
		below = below && rest != ""
		return below, below && !strings.Contains(rest, "/")
	}
}
