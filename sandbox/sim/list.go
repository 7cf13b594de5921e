package sim

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// control are the query parameters that control a list and are not filters.
var control = []string{"limit", "marker", "sort_key", "sort_dir", "sort", "fields", "page_reverse",
	"all_tenants", "deleted", "offset", "with_count", "changes-since", "reverse"}

// Filter keeps the documents whose keys match the query. Several values of one parameter mean "one of".
// Parameters that no document has are ignored, as the services do.
func Filter(docs []Document, query url.Values, ignore ...string) []Document {
	for name, values := range query {
		if slices.Contains(control, name) || slices.Contains(ignore, name) || !known(docs, name) {
			continue
		}
		docs = slices.DeleteFunc(slices.Clone(docs), func(o Document) bool {
			return !slices.ContainsFunc(values, func(v string) bool { return same(o[name], v) })
		})
	}
	return docs
}

func known(docs []Document, name string) bool {
	return slices.ContainsFunc(docs, func(o Document) bool { _, ok := o[name]; return ok })
}

func same(have any, want string) bool { return strings.EqualFold(Text(have), want) }

// Sort orders a list by sort_key and sort_dir, or by sort=key:dir,…. usual is the service's default direction.
// Without a key the order is unchanged.
func Sort(docs []Document, query url.Values, usual string) []Document {
	keys, dirs := query["sort_key"], query["sort_dir"]
	for s := range strings.SplitSeq(query.Get("sort"), ",") {
		if key, dir, _ := strings.Cut(s, ":"); key != "" {
			keys, dirs = append(keys, key), append(dirs, dir)
		}
	}
	out := slices.Clone(docs)
	slices.SortStableFunc(out, func(a, b Document) int {
		for i, key := range keys {
			dir := usual
			if i < len(dirs) && dirs[i] != "" {
				dir = dirs[i]
			}
			if c := compare(a[key], b[key]); c != 0 {
				return c * map[bool]int{true: 1, false: -1}[strings.HasPrefix(dir, "asc")]
			}
		}
		return 0
	})
	return out
}

func compare(a, b any) int {
	_, words := a.(string)
	if _, text := b.(string); words || text || a == nil || b == nil {
		return strings.Compare(Text(a), Text(b))
	}
	return cmp.Compare(ToInt(a), ToInt(b))
}

// Unknown returns the first key, in order, that is not a known one; "" if all are known.
func Unknown(o Document, known ...string) string {
	for _, k := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(known, k) {
			return k
		}
	}
	return ""
}

// Page returns the page selected by limit and marker. next is the marker of the following page, "" at the end.
func (r *Request) Page(docs []Document, most int) (page []Document, next string, err error) {
	if m := r.Query("marker"); m != "" {
		i := slices.IndexFunc(docs, func(o Document) bool { return Str(o, "id") == m || Str(o, "name") == m })
		if i < 0 {
			return nil, "", BadRequest("marker [%s] not found", m).Typed("HTTPBadRequest")
		}
		docs = docs[i+1:]
	}
	limit := most
	if l := r.Query("limit"); l != "" {
		n, convErr := strconv.Atoi(l)
		if convErr != nil || n < 0 {
			return nil, "", BadRequest("Invalid input for query parameters limit. Value: %s. "+
				"'%s' does not match '^[0-9]*$'", l, l)
		}
		limit = min(n, most)
	}
	if limit > 0 && len(docs) > limit {
		return docs[:limit], Str(docs[limit-1], "id"), nil
	}
	return docs, "", nil
}

// NextURL returns the URL of the next page.
func (r *Request) NextURL(path, marker string) string {
	q := r.URL.Query()
	q.Set("marker", marker)
	return r.Base() + path + "?" + q.Encode()
}

// Newest reverses a list: most services list the newest first.
func Newest(docs []Document) []Document {
	out := slices.Clone(docs)
	slices.Reverse(out)
	return out
}

// Views renders every document.
func Views(docs []Document, view func(Document) Document) []Document {
	out := make([]Document, len(docs))
	for i, o := range docs {
		out[i] = view(o)
	}
	return out
}
