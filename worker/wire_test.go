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

// wire is a proxy between the product and the cloud. It records every request and injects a fault into one.
type wire struct {
	mu     sync.Mutex
	counts map[string]int // request -> count in this run
	order  []string       // requests in the order of their first occurrence
	target string
	how    disturbance
	hit    bool
}

// disturbance is the fault that is injected into one request.
type disturbance string

const (
	refused disturbance = "refused" // permanent: the service returns 400
	away    disturbance = "away"    // once: the service returns 503
	lost    disturbance = "lost"    // once: the request is carried out, but the response is lost
)

// injectFault starts a run in which the request target fails; "" injects nothing.
func (w *wire) injectFault(target string, how disturbance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts, w.order, w.target, w.how, w.hit = map[string]int{}, nil, target, how, false
}

// faultHit returns the distinct requests of the run, and whether the fault was injected.
func (w *wire) faultHit() (order []string, hit bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.order, w.hit
}

var ids = regexp.MustCompile(`[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|\.v\d+$|/data/[0-9a-f]{2}/`)

// discovery matches the discovery requests of client-go, which it repeats by itself.
var discovery = regexp.MustCompile(`^GET /kube/(api|apis|version|openapi)(/v[0-9a-z.]*|/[a-z.]*(k8s\.io|apps|batch|policy|autoscaling)/v[0-9a-z]*)?$`)

// nameOf returns the same name for the same request of two runs.
func nameOf(r *http.Request) string {
	return r.Method + " " + ids.ReplaceAllString(r.URL.Path, "*")
}

// wrap is passed to sandboxtest.StartBehind.
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
	if w.counts == nil || discovery.MatchString(name) {
		return ""
	}
	if w.counts[name]++; w.counts[name] == 1 {
		w.order = append(w.order, name)
	}
	if name != w.target || w.hit {
		return ""
	}
	w.hit = true
	return w.how
}

// refuse responds in the error format of the requested service.
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

// prepared returns a test environment in which the operation can run.
func (op operationCase) prepared(t *testing.T) (*testEnv, *wire) {
	t.Helper()
	w := &wire{}
	h := newTestEnvOn(t, sandboxtest.StartBehind(t, t.TempDir(), w.wrap))
	if op.before != nil {
		op.before(t, h)
	}
	return h, w
}
