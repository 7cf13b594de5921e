package worker_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"mycloudmanager/sandbox/sandboxtest"
)

// wire stands between the product and the cloud: it writes down every request, and disturbs one.
type wire struct {
	mu     sync.Mutex
	seen   map[string]int // request -> how often in this run
	order  []string       // requests by their first time in this run
	target string
	how    disturbance
	hit    bool
}

// disturbance is what happens to one request.
type disturbance string

const (
	refused disturbance = "refused" // for good: the service says it is invalid
	away    disturbance = "away"    // once: the service is unavailable
	lost    disturbance = "lost"    // once: the request is carried out and its answer does not arrive
)

// listen begins a run in which target is disturbed; "" disturbs nothing.
func (w *wire) listen(target string, how disturbance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen, w.order, w.target, w.how, w.hit = map[string]int{}, nil, target, how, false
}

// heard returns the run's requests, each once, and whether the disturbance came about.
func (w *wire) heard() (order []string, hit bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.order, w.hit
}

var ids = regexp.MustCompile(`[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|\.v\d+$|/data/[0-9a-f]{2}/`)

// discovery is how client-go learns what a cluster offers: it asks again by itself.
var discovery = regexp.MustCompile(`^GET /kube/(api|apis|version|openapi)(/v[0-9a-z.]*|/[a-z.]*(k8s\.io|apps|batch|policy|autoscaling)/v[0-9a-z]*)?$`)

// nameOf is equal for the same request of two runs.
func nameOf(r *http.Request) string {
	return r.Method + " " + ids.ReplaceAllString(r.URL.Path, "*")
}

// wrap is for sandboxtest.StartBehind.
func (w *wire) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch w.meet(nameOf(r)) {
		case refused:
			refuse(out, r, http.StatusBadRequest)
		case away:
			refuse(out, r, http.StatusServiceUnavailable)
		case lost:
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler) // the connection breaks
		default:
			next.ServeHTTP(out, r)
		}
	})
}

func (w *wire) meet(name string) disturbance {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil || discovery.MatchString(name) {
		return ""
	}
	if w.seen[name]++; w.seen[name] == 1 {
		w.order = append(w.order, name)
	}
	if name != w.target || w.hit {
		return ""
	}
	w.hit = true
	return w.how
}

// refuse answers in the form of the service that was asked.
func refuse(out http.ResponseWriter, r *http.Request, status int) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(status)
	if strings.Contains(r.URL.Path, "/api/v1/") || strings.Contains(r.URL.Path, "/apis/") {
		reason := map[int]string{http.StatusBadRequest: "BadRequest", http.StatusServiceUnavailable: "ServiceUnavailable"}[status]
		fmt.Fprintf(out, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":"refused by the test","code":%d}`, reason, status)
		return
	}
	fmt.Fprintf(out, `{"error":{"code":%d,"title":"refused","message":"refused by the test"}}`, status)
}

// prepared is a house in which the operation can run.
func (op operationCase) prepared(t *testing.T) (*testEnv, *wire) {
	t.Helper()
	w := &wire{}
	h := newHouseOn(t, sandboxtest.StartBehind(t, t.TempDir(), w.wrap))
	if op.before != nil {
		op.before(t, h)
	}
	return h, w
}
