package filebackup

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncw/swift/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// set is one backup as duplicity stores it: volumes, signatures, and last the manifest. A full one stands for
// itself, each other builds on the one before. https://duplicity.gitlab.io/stable/duplicity.1.html
type set struct {
	plan     string
	at       string // its time, as it stands in the names
	base     string // that of the one it builds on, "" for a full one
	bytes    int64
	manifest *swift.Object // nil while the set is not whole
	names    []string      // all but the manifest
	volumes  map[int]string
}

// id is the set as a snapshot: duplicity names it by its time alone, of which each plan may have the same.
func (s *set) id() string { return s.plan + "." + s.at }

func (s *set) parent() string {
	if s.base == "" {
		return ""
	}
	return s.plan + "." + s.base
}

func (s *set) time() time.Time {
	at, _ := time.Parse(setTime, s.at) // the name had this form
	return at
}

const setTime = "20060102T150405Z"

// planOf is the plan of a snapshot of duplicity's; of others it means nothing.
func planOf(id string) string {
	plan, _, _ := cutLast(id)
	return plan
}

func cutLast(id string) (plan, at string, ok bool) {
	i := strings.LastIndex(id, ".")
	if i < 0 {
		return "", id, false
	}
	return id[:i], id[i+1:], true
}

var setName = regexp.MustCompile(`^(?:duplicity-(?:full|full-signatures)\.|duplicity-(?:inc|new-signatures)\.(\d{8}T\d{6}Z)\.to\.)(\d{8}T\d{6}Z)\.(?:(manifest)|vol(\d+)\.difftar|sigtar)(?:\.gpg|\.gz|\.part)*$`)

// sets are what is stored for a plan, for all plans of "", by their ids, the oldest first.
func sets(ctx context.Context, store *swift.Connection, container, plan string) ([]*set, error) {
	prefix := ""
	if plan != "" {
		prefix = plan + "/"
	}
	objects, err := store.ObjectsAll(ctx, container, &swift.ObjectsOpts{Prefix: prefix, Limit: 10_000})
	if errors.Is(err, swift.ContainerNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, openstack.Fault("swift", err)
	}
	known := map[string]*set{}
	for _, o := range objects {
		plan, name, _ := strings.Cut(o.Name, "/")
		m := setName.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		id := plan + "." + m[2]
		s := known[id]
		if s == nil {
			s = &set{plan: plan, at: m[2], base: m[1], volumes: map[int]string{}}
			known[id] = s
		}
		s.bytes += o.Bytes
		switch {
		case m[3] != "":
			s.manifest = &o
		case m[4] != "":
			number, _ := strconv.Atoi(m[4]) // it has digits alone
			s.volumes[number] = o.Name
			fallthrough
		default:
			s.names = append(s.names, o.Name)
		}
	}
	out := make([]*set, 0, len(known))
	for _, s := range known {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *set) int { return strings.Compare(a.at+a.plan, b.at+b.plan) })
	return out, nil
}

// completeSets are the sets that can be restored: they and all that they build on have come to their end.
func completeSets(all []*set) []*set {
	good := map[string]bool{}
	var out []*set
	for _, s := range all { // what a set builds on is older
		if s.manifest != nil && (s.base == "" || good[s.parent()]) {
			good[s.id()] = true
			out = append(out, s)
		}
	}
	return out
}

// chain is what a set cannot be read without, and itself.
func chain(all []*set, id string) []*set {
	var out []*set
	for {
		i := slices.IndexFunc(all, func(s *set) bool { return s.id() == id })
		if i < 0 {
			return out
		}
		out = append(out, all[i])
		id = all[i].parent()
	}
}

// removable are those of the ids whose sets may go, the newest first, and how many must stay, for others that stay
// build on them. Sets that never came to their end are in nobody's way.
func removable(all []*set, ids []string) (gone []*set, stay int) {
	needed := map[string]bool{}
	for _, s := range slices.Backward(all) {
		wanted := slices.Contains(ids, s.id())
		switch {
		case wanted && !needed[s.id()]:
			gone = append(gone, s)
			continue
		case wanted:
			stay++
		}
		if s.manifest != nil {
			needed[s.parent()] = true
		}
	}
	return gone, stay
}

// remove deletes a set, the manifest first: what is half is taken for whole by nobody.
func (s *set) remove(ctx context.Context, store *swift.Connection, container string) error {
	names := s.names
	if s.manifest != nil {
		run, err := runByObject(ctx, store, container, s.manifest.Name)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		names = append([]string{s.manifest.Name}, names...)
		if run != "" {
			names = append(names, runPrefix+run)
		}
	}
	for _, name := range names {
		if err := store.ObjectDelete(ctx, container, name); err != nil && !errors.Is(err, swift.ObjectNotFound) {
			return openstack.Fault("swift", err)
		}
	}
	return nil
}

// forgetSets deletes what may go of the ids and says which of them must stay.
func (a *Activities) forgetSets(ctx context.Context, container string, ids []string) (stay int, err error) {
	store, err := a.Cloud.Objects(ctx)
	if err != nil {
		return 0, err
	}
	all, err := sets(ctx, store, container, "")
	if err != nil {
		return 0, err
	}
	gone, stay := removable(all, ids)
	if stay > 0 {
		return stay, fault.New(fault.Invalid, nil, "%d backups stay: later ones of the same chain need them", stay)
	}
	for _, s := range gone {
		if err := s.remove(ctx, store, container); err != nil {
			return 0, err
		}
	}
	return 0, nil
}
