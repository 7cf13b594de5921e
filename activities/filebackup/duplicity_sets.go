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

// set is one backup in duplicity's format: volumes, signatures and, written last, the manifest. A full set is
// independent; every other set builds on the previous one. https://duplicity.gitlab.io/stable/duplicity.1.html
type set struct {
	plan     string
	at       string // its time, in the format of the names
	base     string // time of its parent; "" for a full set
	bytes    int64
	manifest *swift.Object // nil while the set is incomplete
	names    []string      // all but the manifest
	volumes  map[int]string
}

// id returns the snapshot ID of the set. Duplicity names sets by time only, which is not unique across plans.
func (s *set) id() string { return s.plan + "." + s.at }

func (s *set) parent() string {
	if s.base == "" {
		return ""
	}
	return s.plan + "." + s.base
}

func (s *set) time() time.Time {
	at, _ := time.Parse(setTime, s.at) // the name matched this format
	return at
}

const setTime = "20060102T150405Z"

// planOf returns the plan in a snapshot ID of duplicity. The result is meaningless for other engines.
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

// sets returns the sets of a plan, or of all plans for "", oldest first.
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
			number, _ := strconv.Atoi(m[4]) // the pattern allows only digits
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

// completeSets returns the sets that can be restored: those that are complete, with all sets that they build on.
func completeSets(all []*set) []*set {
	good := map[string]bool{}
	var out []*set
	for _, s := range all { // parents are older
		if s.manifest != nil && (s.base == "" || good[s.parent()]) {
			good[s.id()] = true
			out = append(out, s)
		}
	}
	return out
}

// chain returns the set and all sets that it builds on.
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

// removable returns the sets of ids that can be deleted, newest first, and the number of sets that must be kept because
// other sets build on them. Incomplete sets require no parent.
func removable(all []*set, ids []string) (deletable []*set, kept int) {
	needed := map[string]bool{}
	for _, s := range slices.Backward(all) {
		wanted := slices.Contains(ids, s.id())
		switch {
		case wanted && !needed[s.id()]:
			deletable = append(deletable, s)
			continue
		case wanted:
			kept++
		}
		if s.manifest != nil {
			needed[s.parent()] = true
		}
	}
	return deletable, kept
}

// remove deletes a set, the manifest first, so that a partially deleted set counts as incomplete. It is idempotent.
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

// forgetSets deletes the sets of ids, or none and an error if other sets build on them. It is idempotent.
func (a *Activities) forgetSets(ctx context.Context, container string, ids []string) error {
	store, err := a.Cloud.Objects(ctx)
	if err != nil {
		return err
	}
	all, err := sets(ctx, store, container, "")
	if err != nil {
		return err
	}
	deletable, kept := removable(all, ids)
	if kept > 0 {
		return fault.New(fault.Invalid, nil, "%d backups are kept: later backups of the same chain need them", kept)
	}
	for _, s := range deletable {
		if err := s.remove(ctx, store, container); err != nil {
			return err
		}
	}
	return nil
}
