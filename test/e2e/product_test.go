// Package e2e_test drives the built product as users and service managers do: over HTTP, on a fresh sandbox,
// with kills where they must not matter.
package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/operation/temporal/temporaltest"
)

// product is a running `mcm sandbox`.
type product struct {
	dir     string
	listen  string
	sandbox string
	process *exec.Cmd
	log     *os.File
	routes  routers.Router

	arguments   []string
	environment []string
}

func freeAddress(t testing.TB) string {
	t.Helper()
	return freeAddressOn(t, "127.0.0.1")
}

var (
	firstPort  = rand.Uint32N(10_000) // another test process starts at another port
	portsTried atomic.Uint32
)

// freeAddressOn returns an address with a port below the ephemeral range, so that no other process takes it
// before the product listens, or while it is down.
func freeAddressOn(t testing.TB, ip string) string {
	t.Helper()
	for range 100 {
		address := net.JoinHostPort(ip, strconv.Itoa(int(15_000+(firstPort+portsTried.Add(1))%10_000)))
		if l, err := net.Listen("tcp", address); err == nil {
			require.NoError(t, l.Close())
			return address
		}
	}
	require.Fail(t, "no port is free")
	return ""
}

// start starts the product on a fresh sandbox; it stops with the test.
func start(t testing.TB) *product {
	t.Helper()
	p := newProduct(t)
	p.arguments = []string{"sandbox"}
	p.environment = []string{"MCM_SANDBOX_LISTEN=" + p.sandbox, "MCM_SANDBOX_SPEED=4"}
	p.up(t)
	t.Cleanup(func() { p.down(t) })
	return p
}

func newProduct(t testing.TB) *product {
	t.Helper()
	return newProductAt(t, freeAddress(t))
}

func newProductAt(t testing.TB, listen string) *product {
	t.Helper()
	p := &product{dir: t.TempDir(), listen: listen, sandbox: freeAddress(t)}
	var err error
	p.log, err = os.Create(p.dir + "/log")
	require.NoError(t, err)
	document, err := openapi3.NewLoader().LoadFromFile("../../api/openapi.yaml")
	require.NoError(t, err)
	document.Servers = openapi3.Servers{{URL: "http://" + p.listen + "/api/v1"}}
	p.routes, err = gorillamux.NewRouter(document)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			raw, _ := os.ReadFile(p.log.Name())
			lines := strings.SplitAfter(string(raw), "\n")
			text := strings.Join(slices.DeleteFunc(lines, func(line string) bool {
				return strings.Contains(line, "msg=request ") && strings.Contains(line, " status=20")
			}), "")
			t.Logf("log of the product, without requests that went well:\n%s", text[max(0, len(text)-6000):])
		}
	})
	return p
}

// up starts the product and waits until it is ready.
func (p *product) up(t testing.TB) {
	t.Helper()
	require.NoError(t, p.spawn(temporaltest.Product(t)))
	require.Eventually(t, p.ready, time.Minute, 50*time.Millisecond)
}

// spawn starts the process.
func (p *product) spawn(executable string) error {
	p.process = exec.Command(executable, p.arguments...)
	p.process.Env = append(append(os.Environ(), "MCM_DATA_DIR="+p.dir+"/data", "MCM_LISTEN="+p.listen, "MCM_LOG_LEVEL=info"), p.environment...)
	p.process.Stdout, p.process.Stderr = p.log, p.log
	return p.process.Start()
}

func (p *product) ready() bool {
	response, err := http.Get("http://" + p.listen + "/health/ready")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (p *product) down(t testing.TB) {
	t.Helper()
	_ = p.process.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		_ = p.process.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		_ = p.process.Process.Kill()
		t.Error("the product does not stop")
	}
}

// kill kills the manager as a power cut would.
func (p *product) kill() {
	_ = p.process.Process.Kill()
	_ = p.process.Wait()
}

// child returns the pid of one of our processes by its command line.
func (p *product) child(t testing.TB, name string) int {
	t.Helper()
	pid, err := childOf(p.process.Process.Pid, name)
	require.NoError(t, err)
	return pid
}

func childOf(parent int, name string) (pid int, err error) {
	out, err := exec.Command("pgrep", "-P", fmt.Sprint(parent), "-f", name).Output()
	if err == nil {
		_, err = fmt.Sscan(string(out), &pid)
	}
	return pid, err
}

// person is a user that is logged in.
type person struct {
	*product
	cookie string
	csrf   string
}

// signIn logs a user of the sandbox in.
func (p *product) signIn(t testing.TB, user string) *person {
	t.Helper()
	return p.signInAs(t, user, user, "demo")
}

func (p *product) signInAs(t testing.TB, user, password, project string) *person {
	t.Helper()
	who := &person{product: p}
	body := map[string]any{"username": user, "password": password, "project": project}
	response, raw := who.do(t, http.MethodPost, "/session", body, nil)
	require.Equal(t, http.StatusCreated, response.StatusCode, string(raw))
	who.took(t, response, raw)
	return who
}

// took keeps the session of a login response.
func (w *person) took(t testing.TB, response *http.Response, raw []byte) {
	t.Helper()
	var session struct {
		CSRF string `json:"csrf_token"`
	}
	require.NoError(t, json.Unmarshal(raw, &session))
	w.cookie, _, _ = strings.Cut(response.Header.Get("Set-Cookie"), ";")
	w.csrf = session.CSRF
}

// at returns the same browser session at another replica.
func (w *person) at(p *product) *person { return &person{p, w.cookie, w.csrf} }

// do sends one request and validates the response against the contract.
func (w *person) do(t testing.TB, method, path string, body any, header map[string]string) (*http.Response, []byte) {
	t.Helper()
	response, raw, err := w.send(t, method, path, body, header)
	require.NoError(t, err)
	return response, raw
}

// send is do for a product that may be killed meanwhile: err is a broken connection.
func (w *person) send(t testing.TB, method, path string, body any, header map[string]string) (*http.Response, []byte, error) {
	t.Helper()
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(t, err)
		content = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+w.listen+"/api/v1"+path, content)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	if w.cookie != "" {
		request.Header.Set("Cookie", w.cookie)
		request.Header.Set("X-CSRF-Token", w.csrf)
	}
	for k, v := range header {
		request.Header.Set(k, v)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, nil, err
	}
	w.hold(t, request, response, raw)
	return response, raw, nil
}

// hold validates a response against the committed contract.
func (w *person) hold(t testing.TB, request *http.Request, response *http.Response, raw []byte) {
	t.Helper()
	route, parameters, err := w.routes.FindRoute(request)
	if err != nil {
		return // a path outside the contract, which some tests request
	}
	if strings.Contains(response.Header.Get("Content-Type"), "json") && !strings.Contains(response.Header.Get("Content-Type"), "jsonl") {
		input := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route},
			Status:                 response.StatusCode, Header: response.Header, Options: &openapi3filter.Options{IncludeResponseStatus: true},
		}
		input.SetBodyBytes(raw)
		require.NoError(t, openapi3filter.ValidateResponse(context.Background(), input), "%s %s %d %s", request.Method, request.URL.Path, response.StatusCode, raw)
	}
}

// get reads and decodes.
func (w *person) get(t testing.TB, path string, into any) {
	t.Helper()
	response, raw := w.do(t, http.MethodGet, path, nil, nil)
	require.Equal(t, http.StatusOK, response.StatusCode, string(raw))
	require.NoError(t, json.Unmarshal(raw, into))
}

type task struct {
	ID        string `json:"id"`
	Operation string `json:"operation"`
	Status    string `json:"status"`
	Title     string `json:"title"`
	Message   string `json:"message"`
	Error     *struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
	} `json:"error"`
	Result map[string]any `json:"result"`
	Steps  []struct {
		Name    string `json:"name"`
		Status  string `json:"status"`
		Message string `json:"message"`
	} `json:"steps"`
	RetryOf string `json:"retry_of"`
}

// begin starts an operation and returns its task.
func (w *person) begin(t testing.TB, method, path string, body any, header map[string]string) task {
	t.Helper()
	response, raw := w.do(t, method, path, body, header)
	require.Equal(t, http.StatusAccepted, response.StatusCode, string(raw))
	var out task
	require.NoError(t, json.Unmarshal(raw, &out))
	require.Equal(t, "/api/v1/tasks/"+out.ID, response.Header.Get("Location"))
	return out
}

// end waits until the task has the status.
func (w *person) end(t testing.TB, id, status string) task {
	t.Helper()
	return w.endWithin(t, id, status, 2*time.Minute)
}

func (w *person) endWithin(t testing.TB, id, status string, limit time.Duration) task {
	t.Helper()
	var last task
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		response, raw := w.do(t, http.MethodGet, "/tasks/"+id, nil, nil)
		if response.StatusCode == http.StatusServiceUnavailable { // the killed process is starting
			continue
		}
		require.Equal(t, http.StatusOK, response.StatusCode, string(raw))
		last = task{}
		require.NoError(t, json.Unmarshal(raw, &last))
		if last.Status == status {
			return last
		}
		if slices.Contains([]string{"failed", "partially_failed", "cancelled", "timed_out", "succeeded"}, last.Status) {
			break
		}
	}
	require.Equal(t, status, last.Status, "%+v %+v", last, last.Error)
	return last
}

// work starts an operation and waits for its success.
func (w *person) work(t testing.TB, method, path string, body any) task {
	t.Helper()
	return w.end(t, w.begin(t, method, path, body, nil).ID, "succeeded")
}

// control calls the sandbox's control API.
func (p *product) control(t testing.TB, method, path, body string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.sandbox+"/_control"+path, strings.NewReader(body))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Less(t, response.StatusCode, 300, string(raw))
	return raw
}

// count returns the number of resources of a type with the text in name, tags or metadata.
func (p *product) count(t testing.TB, service, kind, text string) int {
	t.Helper()
	var state map[string]map[string][]json.RawMessage
	require.NoError(t, json.Unmarshal(p.control(t, http.MethodGet, "/state", ""), &state))
	n := 0
	for _, r := range state[service][kind] {
		if bytes.Contains(r, []byte(text)) {
			n++
		}
	}
	return n
}

// responseID returns the path of the resource in a response.
func responseID(t testing.TB, raw []byte, prefix string) string {
	t.Helper()
	var thing struct{ ID string }
	require.NoError(t, json.Unmarshal(raw, &thing))
	return prefix + thing.ID
}

// taskOf returns the id in a task's URL.
func taskOf(location string) string { return strings.TrimPrefix(location, "/api/v1/tasks/") }
