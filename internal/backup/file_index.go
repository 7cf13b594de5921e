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

// FileEntry is a file, a directory or a symbolic link in a file backup.
type FileEntry struct {
	Path  string    `json:"path"`
	Type  string    `json:"type" enum:"file,dir,symlink,other"`
	Size  int64     `json:"size,omitempty"`
	Mode  uint32    `json:"mode" format:"int64" doc:"permission bits, as for chmod"`
	UID   uint32    `json:"uid" format:"int64"`
	GID   uint32    `json:"gid" format:"int64"`
	MTime time.Time `json:"mtime"`
}

// The types of entries.
const (
	EntryFile  = "file"
	EntryDir   = "dir"
	EntryLink  = "symlink"
	EntryOther = "other"
)

// FilesPage is a page of the file list of a backup.
type FilesPage struct {
	Items []FileEntry
	Next  string // page token of the next page, "" on the last page
}

// Index writes the file list of a backup. It streams the entries to the object storage without keeping them in memory. The
// caller must call Close or Abort.
type Index struct {
	object *swift.ObjectCreateFile
	zip    *gzip.Writer
	lines  *json.Encoder
}

// NewIndex starts writing the file list of a backup. An existing list remains in place until Close succeeds.
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

// Add appends an entry. Entries must be in depth-first order: a directory precedes its content, and its content precedes the
// next sibling.
func (i *Index) Add(e FileEntry) error { return openstack.Fault("swift", i.lines.Encode(e)) }

// Close flushes the list and replaces an existing list of the backup.
func (i *Index) Close() error {
	if err := i.zip.Close(); err != nil {
		i.Abort()
		return openstack.Fault("swift", err)
	}
	return openstack.Fault("swift", i.object.Close())
}

// Abort discards the list. The storage keeps nothing of it.
func (i *Index) Abort() { _ = i.object.CloseWithError(errAborted) }

var errAborted = errors.New("the file list was aborted")

// Files returns a page of the entries in the directory dir or, if query is not empty, of all entries below dir whose names
// contain query, ignoring case. It streams the list and keeps only one page in memory. An invalid page token is an Invalid
// fault, a missing list a NotFound fault.
func (r *Records) Files(ctx context.Context, id, dir, query string, limit int, pageToken string) (FilesPage, error) {
	object, err := r.openIndex(ctx, id)
	if err != nil {
		return FilesPage{}, err
	}
	defer object.Close() //nolint:errcheck // only the required part was read
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
		return nil, fault.New(fault.NotFound, err, "the backup %s has no file list", id)
	}
	return object, openstack.Fault("swift", err)
}

// Entries calls each for every entry of a backup, in the order of the list. It stops at the first error that each returns.
func (r *Records) Entries(ctx context.Context, id string, each func(FileEntry) error) error {
	object, err := r.openIndex(ctx, id)
	if err != nil {
		return err
	}
	defer object.Close() //nolint:errcheck // the object was read completely
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

// listFiles reads one page from a list. The page token is the number of the line to continue at.
func listFiles(list io.Reader, dir, query string, limit int, pageToken string) (FilesPage, error) {
	page := FilesPage{Items: []FileEntry{}}
	from, err := strconv.Atoi(cmp.Or(pageToken, "0"))
	if err != nil {
		return page, fault.InvalidField("page_token", "not a page token of this list")
	}
	zip, err := gzip.NewReader(list)
	if err != nil {
		return page, err
	}
	query, inside := strings.ToLower(query), pathMatcher(path.Clean("/"+dir))
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
			return page, nil // the entries of a directory are contiguous
		}
		entered = below
		if !below || !matches(e, query, direct) {
			continue
		}
		if len(page.Items) == limit {
			page.Next = strconv.Itoa(at)
			return page, nil
		}
		page.Items = append(page.Items, e)
	}
}

func matches(e FileEntry, query string, direct bool) bool {
	if query == "" {
		return direct
	}
	return strings.Contains(strings.ToLower(path.Base(e.Path)), query)
}

// pathMatcher returns a function that reports whether a path is below dir, and whether it is directly in dir.
func pathMatcher(dir string) func(name string) (below, direct bool) {
	prefix := strings.TrimSuffix(dir, "/") + "/"
	return func(name string) (bool, bool) {
		rest, below := strings.CutPrefix(name, prefix)
		below = below && rest != ""
		return below, below && !strings.Contains(rest, "/")
	}
}
