package sim

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"
)

// Cloud holds the documents of all services behind one lock. Each request starts from the state left by the
// previous one, with all timers that fell due in between applied.
type Cloud struct {
	dir      string
	speed    float64
	log      *slog.Logger
	mu       sync.Mutex
	store    *store
	now      time.Time // due time of the timer being applied; zero outside of timers
	services []*Service
	timers   map[string]func(Document)
	due      timerQueue
	injector injector
	seed     func() error
	watchers map[chan struct{}]bool
	touched  bool
	changed  func()
	planned  chan struct{} // wakes the loop that applies timers
}

// Open loads the cloud in dir, or creates an empty one. speed divides every simulated duration.
func Open(dir string, speed float64, log *slog.Logger) (*Cloud, error) {
	s, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	if speed <= 0 {
		speed = 1
	}
	return &Cloud{dir: dir, speed: speed, log: log, store: s,
		timers: map[string]func(Document){}, watchers: map[chan struct{}]bool{}, planned: make(chan struct{}, 1)}, nil
}

// Start loads the timers and, if the cloud is empty, calls seed for the initial state.
func (c *Cloud) Start(seed func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seed = seed
	c.loadTimers()
	c.loadFaults()
	if c.Get("sim/meta", "seeded") == nil {
		if err := c.plant(); err != nil {
			return err
		}
	}
	c.settle()
	if c.changed != nil {
		c.changed()
	}
	return c.store.flush()
}

// Reset restores the initial state.
func (c *Cloud) Reset() error {
	if err := errors.Join(c.store.wipe(), os.RemoveAll(filepath.Join(c.dir, "blobs"))); err != nil {
		return err
	}
	c.due = nil
	c.injector = injector{}
	return c.plant()
}

func (c *Cloud) plant() error {
	if err := c.seed(); err != nil {
		return err
	}
	c.Put("sim/meta", Document{"id": "seeded", "at": Stamp(c.Now(), Zulu)})
	return nil
}

// Close releases the database.
func (c *Cloud) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.store.flush(); err != nil {
		return err
	}
	return c.store.db.Close()
}

// Locked runs f with the lock held and writes its changes.
func (c *Cloud) Locked(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	f()
	c.commit()
}

// OnChange sets a function that is called, with the lock held, after each change.
func (c *Cloud) OnChange(f func()) { c.changed = f }

// commit writes the changes of the request. If the write fails they stay in memory for the next attempt; the
// error is only logged.
func (c *Cloud) commit() {
	if c.touched && c.changed != nil {
		c.changed()
	}
	if err := c.store.flush(); err != nil {
		c.log.Error("sandbox state not written", "error", err)
	}
	if c.touched {
		c.touched = false
		for w := range c.watchers {
			select {
			case w <- struct{}{}:
			default: // it already has a pending wake-up
			}
		}
	}
}

// Watch returns a channel that receives after changes, and a function that ends the watch.
func (c *Cloud) Watch() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers[ch] = true
	return ch, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watchers, ch)
	}
}

// Get reads one document; nil if there is none. The result is the stored document: change it only together with
// Put.
func (c *Cloud) Get(kind, id string) Document { return c.store.get(kind, id) }

// Put stores a document under its "id".
func (c *Cloud) Put(kind string, o Document) {
	c.touched = true
	c.store.put(kind, Str(o, "id"), o)
}

// Delete deletes a document; a missing one is ignored.
func (c *Cloud) Delete(kind, id string) {
	c.touched = true
	c.store.remove(kind, id)
}

// All lists the documents of a kind, oldest first.
func (c *Cloud) All(kind string) []Document { return c.store.all(kind) }

// Where lists the documents of a kind that satisfy test, oldest first.
func (c *Cloud) Where(kind string, test func(Document) bool) []Document {
	var out []Document
	for _, o := range c.All(kind) {
		if test(o) {
			out = append(out, o)
		}
	}
	return out
}

// With lists the documents of a kind whose key has the value.
func (c *Cloud) With(kind, key, value string) []Document {
	return c.Where(kind, func(o Document) bool { return Str(o, key) == value })
}

// Kinds lists the kinds of documents that exist.
func (c *Cloud) Kinds() []string {
	var out []string
	for k, t := range c.store.rows {
		if len(t) > 0 {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

// Blob returns the path of the file with a document's bytes (an image, an object).
func (c *Cloud) Blob(id string) string { return filepath.Join(c.dir, "blobs", id) }

// Dir returns the cloud's data directory.
func (c *Cloud) Dir() string { return c.dir }

// Log returns the cloud's logger.
func (c *Cloud) Log() *slog.Logger { return c.log }

// ServeHTTP routes a request to the service by path prefix.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, s := range c.services {
		if r.URL.Path == s.prefix || strings.HasPrefix(r.URL.Path, s.prefix+"/") {
			s.serve(w, r, false)
			return
		}
	}
	http.NotFound(w, r)
}
