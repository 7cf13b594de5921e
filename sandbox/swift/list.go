package swift

import (
	"net/http"
	"slices"
	"sort"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// entry is one line of a listing.
type entry struct {
	name string
	doc  sim.Document
}

const maxEntries = 10000 // entries per page

func (s *Service) entries(t target) []entry {
	var out []entry
	for _, o := range s.cloud.With(Objects, "_container", t.containerID()) {
		out = append(out, entry{sim.Str(o, "name"), sim.Document{"name": o["name"], "bytes": o["bytes"], "hash": o["hash"],
			"content_type": o["content_type"], "last_modified": o["last_modified"]}})
	}
	return out
}

// list renders a page of entries in name order, as JSON or as text lines.
func list(r *sim.Request, entries []entry, h map[string]string) sim.Reply {
	back := reversed(r)
	sort.Slice(entries, func(i, j int) bool { return (entries[i].name < entries[j].name) != back })
	page := cut(r, entries)
	if r.Method == http.MethodHead {
		return sim.Reply{Status: 204, Header: h}
	}
	json := r.Query("format") == "json" || strings.Contains(r.Header.Get("Accept"), "application/json")
	if json {
		docs := make([]sim.Document, len(page))
		for i, e := range page {
			docs[i] = e.doc
		}
		h["Content-Type"] = "application/json; charset=utf-8"
		return sim.Reply{Status: 200, Header: h, Body: sim.JSON(docs)}
	}
	h["Content-Type"] = "text/plain; charset=utf-8"
	var b strings.Builder
	for _, e := range page {
		b.WriteString(e.name + "\n")
	}
	if b.Len() == 0 {
		return sim.Reply{Status: 204, Header: h}
	}
	return sim.Reply{Status: 200, Header: h, Body: []byte(b.String())}
}

// reversed reports whether the listing is requested in reverse order.
func reversed(r *sim.Request) bool {
	return slices.Contains([]string{"true", "1", "yes", "on", "t", "y"}, strings.ToLower(r.Query("reverse")))
}

// cut applies prefix, delimiter, markers and limit.
func cut(r *sim.Request, entries []entry) []entry {
	prefix, delimiter := r.Query("prefix"), r.Query("delimiter")
	if dir := r.Query("path"); dir != "" { // the older form of prefix and delimiter, which lists only objects
		prefix, delimiter = strings.TrimRight(dir, "/")+"/", "/"
		entries = slices.DeleteFunc(entries, func(e entry) bool { return strings.Contains(strings.TrimPrefix(e.name, prefix), "/") })
	}
	marker, end := r.Query("marker"), r.Query("end_marker")
	limit := maxEntries
	if n := sim.ToInt(r.Query("limit")); r.Query("limit") != "" && n < maxEntries {
		limit = n
	}
	var page []entry
	seen := map[string]bool{}
	for _, e := range entries {
		if !strings.HasPrefix(e.name, prefix) {
			continue
		}
		if before, _, found := strings.Cut(e.name[len(prefix):], delimiter); found && delimiter != "" {
			dir := prefix + before + delimiter
			e = entry{dir, sim.Document{"subdir": dir}}
		}
		early, late := e.name <= marker, e.name >= end
		if reversed(r) {
			early, late = e.name >= marker, e.name <= end
		}
		if seen[e.name] || (marker != "" && early) || (end != "" && late) {
			continue
		}
		seen[e.name] = true
		if len(page) == limit {
			break
		}
		page = append(page, e)
	}
	return page
}
