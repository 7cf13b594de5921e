package kube

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/fields"
	klabels "k8s.io/apimachinery/pkg/labels"

	"mycloudmanager/sandbox/sim"
)

// selection holds the selectors of a list or a watch.
type selection struct {
	namespace string
	labels    klabels.Selector
	fields    fields.Selector
}

func selectionOf(r *sim.Request, t *target) (*selection, error) {
	byLabel, err := klabels.Parse(r.Query("labelSelector"))
	if err != nil {
		return nil, status(400, "BadRequest", "unable to parse requirement: "+err.Error())
	}
	byField, err := fields.ParseSelector(r.Query("fieldSelector"))
	if err != nil {
		return nil, status(400, "BadRequest", err.Error())
	}
	return &selection{t.namespace, byLabel, byField}, nil
}

func (q *selection) has(o sim.Document) bool {
	if q.namespace != "" && namespace(o) != q.namespace {
		return false
	}
	set := klabels.Set{}
	for k, v := range labels(o) {
		set[k] = sim.Text(v)
	}
	involved := sim.Map(o, "involvedObject")
	values := fields.Set{"metadata.name": name(o), "metadata.namespace": namespace(o), "status.phase": phase(o),
		"spec.nodeName": sim.Str(spec(o), "nodeName"), "type": sim.Str(o, "type"), "reason": sim.Str(o, "reason"),
		"involvedObject.name": sim.Str(involved, "name"), "involvedObject.namespace": sim.Str(involved, "namespace"),
		"involvedObject.kind": sim.Str(involved, "kind"), "involvedObject.uid": sim.Str(involved, "uid")}
	return q.labels.Matches(set) && q.fields.Matches(values)
}

func (s *Service) selected(r *sim.Request, t *target) ([]sim.Document, error) {
	q, err := selectionOf(r, t)
	if err != nil {
		return nil, err
	}
	return s.cloud.Where(t.store(), q.has), nil
}

func (s *Service) list(r *sim.Request, t *target) (any, error) {
	docs, err := s.selected(r, t)
	if err != nil {
		return nil, err
	}
	return sim.Document{"kind": t.kind + "List", "apiVersion": t.api(), "metadata": sim.Document{"resourceVersion": s.current()},
		"items": sim.Views(docs, public)}, nil
}

// change is one event for watchers.
type change struct {
	kind string // kind in the document store
	verb string
	rv   int
	doc  []byte
	obj  sim.Document
}

// journal keeps the most recent changes in memory for watches. A client that needs older ones must list again.
type journal struct{ changes []change }

const journalSize = 4000

func (j *journal) add(t *resource, verb string, rv int, o sim.Document) {
	doc := sim.JSON(o)
	var kept sim.Document
	if json.Unmarshal(doc, &kept) != nil {
		return
	}
	j.changes = append(j.changes, change{t.store(), verb, rv, doc, kept})
	if len(j.changes) > journalSize {
		j.changes = append([]change(nil), j.changes[journalSize/2:]...)
	}
}

// since returns the changes after a version; false if some of them were discarded.
func (j *journal) since(kind string, rv int) ([]change, bool) {
	var out []change
	for _, c := range j.changes {
		if c.kind == kind && c.rv > rv {
			out = append(out, c)
		}
	}
	return out, len(j.changes) > 0 && j.changes[0].rv <= rv+1
}

// watch streams changes until the client disconnects or the timeout expires.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
func (s *Service) watch(r *sim.Request, t *target) (any, error) {
	q, err := selectionOf(r, t)
	if err != nil {
		return nil, err
	}
	wake, stop := s.cloud.Watch()
	defer stop()
	r.Writer.Header().Set("Content-Type", "application/json")
	r.Writer.WriteHeader(http.StatusOK)
	w := &watcher{s: s, t: t, q: q, out: r.Writer}
	w.begin(r.Query("resourceVersion"), r.Query("sendInitialEvents") == "true")
	limit := time.Duration(sim.ToInt(r.Query("timeoutSeconds"))) * time.Second
	if limit <= 0 {
		limit = 30 * time.Minute
	}
	deadline := time.After(limit)
	for w.flush() {
		select {
		case <-wake:
			w.follow()
		case <-r.Context().Done():
			return sim.Done, nil
		case <-deadline:
			return sim.Done, nil
		}
	}
	return sim.Done, nil
}

type watcher struct {
	s       *Service
	t       *target
	q       *selection
	out     http.ResponseWriter
	last    int
	pending [][]byte
	broken  bool
}

func (w *watcher) emit(verb string, doc []byte) {
	w.pending = append(w.pending, append(sim.JSON(map[string]any{"type": verb, "object": json.RawMessage(doc)}), '\n'))
}

// begin sends the current objects, or the changes since the client's resource version.
func (w *watcher) begin(from string, initial bool) {
	w.s.cloud.Locked(func() {
		w.last = sim.ToInt(w.s.current())
		since := sim.ToInt(from)
		if since == 0 || initial {
			for _, o := range w.s.cloud.Where(w.t.store(), w.q.has) {
				w.emit("ADDED", sim.JSON(public(o)))
			}
		} else if since < w.last {
			missed, known := w.s.log.since(w.t.store(), since)
			if !known {
				_, expired := format(status(410, "Expired", "too old resource version: "+from))
				w.emit("ERROR", expired)
				w.broken = true
				return
			}
			w.send(missed)
		}
		if initial {
			w.emit("BOOKMARK", sim.JSON(sim.Document{"kind": w.t.kind, "apiVersion": w.t.api(), "metadata": sim.Document{
				"resourceVersion": strconv.Itoa(w.last), "annotations": sim.Document{"k8s.io/initial-events-end": "true"}}}))
		}
	})
}

func (w *watcher) follow() {
	w.s.cloud.Locked(func() {
		changes, known := w.s.log.since(w.t.store(), w.last)
		w.send(changes)
		w.last = max(w.last, sim.ToInt(w.s.current()))
		w.broken = !known && len(w.s.log.changes) > 0 // it was too slow: the client must list again
	})
}

func (w *watcher) send(changes []change) {
	for _, c := range changes {
		w.last = max(w.last, c.rv)
		if w.q.has(c.obj) {
			w.emit(c.verb, c.doc)
		}
	}
}

// flush writes pending events; false if the client disconnected.
func (w *watcher) flush() bool {
	for _, line := range w.pending {
		if _, err := w.out.Write(line); err != nil {
			return false
		}
	}
	w.pending = nil
	if f, ok := w.out.(http.Flusher); ok {
		f.Flush()
	}
	return !w.broken
}

func (s *Service) podLog(t *target) []byte {
	o := s.object("pods", t.namespace, t.name)
	if o == nil {
		return []byte{}
	}
	started := sim.Str(statusOf(o), "startTime")
	return []byte(started + " sandbox: " + t.name + " is a simulated pod; nothing runs in it\n")
}
