package conformance

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// minCases is the minimum number of cases.
const minCases = 150

// one is a case: its name states the expected behavior, ask makes the calls and assertions.
type one[World any] struct {
	name string
	ask  func(*testing.T, World)
}

var ran atomic.Int64

// each runs the cases of a table one after the other.
func each[World any](t *testing.T, world World, cases []one[World]) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ran.Add(1)
			c.ask(t, world)
		})
	}
}

func TestCaseCount(t *testing.T) {
	count := len(keystoneCases) + len(credentialCases) + len(novaCases) + len(serverCases) + len(deviceCases) + len(keyPairCases) +
		len(cinderCases) + len(neutronCases) + len(routerCases) + len(groupCases) + len(glanceCases) + len(heatCases) +
		len(stackCases) + len(swiftCases) + len(largeCases) + len(quotaCases)
	require.GreaterOrEqual(t, count, minCases)
}

// until polls. On a real cloud it waits for minutes, as its machine may be busy.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	pause, longest, timeout := 2*time.Millisecond, 20*time.Millisecond, 20*time.Second
	if shared.real {
		pause, longest, timeout = 50*time.Millisecond, 500*time.Millisecond, 2*time.Minute
	}
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(pause) {
		if done() {
			return
		}
		pause = min(pause*3/2, longest)
	}
	require.Fail(t, "waited in vain", what)
}

// make creates a resource and deletes it when the case ends. The response contains the document under noun.
func (a *actor) make(t *testing.T, service, path, noun string, body obj, headers ...string) response {
	t.Helper()
	out := a.ask(t, http.MethodPost, service, path, obj{noun: body}, headers...)
	require.Less(t, out.status, 300, "POST %s %s: %s", service, path, out.raw)
	a.later(t, service, path+"/"+out.text(noun, "id"))
	return out
}

// made creates a resource and returns its id.
func (a *actor) made(t *testing.T, service, path, noun string, body obj) string {
	t.Helper()
	return a.make(t, service, path, noun, body).text(noun, "id")
}

// later deletes a resource at the end of the case and waits until it no longer exists. It retries a conflict,
// because a dependent resource may still be deleting.
func (a *actor) later(t *testing.T, service, path string) {
	t.Helper()
	t.Cleanup(func() {
		until(t, service+" "+path+" to go", func() bool {
			out := a.send(withoutEnd(t), http.MethodGet, service, path, nil)
			if out.status == http.StatusNotFound || strings.HasPrefix(out.text("stack", "stack_status"), "DELETE_COMPLETE") {
				return true
			}
			if out.text("server", "OS-EXT-STS:task_state") != "deleting" && !strings.HasPrefix(out.text("stack", "stack_status"), "DELETE_IN") {
				a.send(withoutEnd(t), http.MethodDelete, service, path, nil)
			}
			return false
		})
	})
}

// administrator returns an actor that may change quotas; without one the case is skipped.
func administrator(t *testing.T) *actor {
	t.Helper()
	if shared.admin == nil {
		t.Skip("needs an administrator")
	}
	return shared.admin
}

// otherProjectUser returns a user of another project than the one of the cases.
func otherProjectUser(t *testing.T, role string) *actor {
	t.Helper()
	administrator(t)
	a, err := shared.newProject(t, "other-"+random(2)).add(role, role)
	require.NoError(t, err)
	return a
}
