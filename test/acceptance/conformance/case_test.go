package conformance

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// enough is how many cases there are at least.
const enough = 150

// one is a case: its name says the promise, ask makes the calls and has the expectations.
type one[World any] struct {
	name string
	ask  func(*testing.T, World)
}

var ran atomic.Int64

// each runs the cases of a table one after the other, as services do not wait for each other's tests.
func each[World any](t *testing.T, world World, cases []one[World]) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ran.Add(1)
			c.ask(t, world)
		})
	}
}

func TestThereAreEnoughCases(t *testing.T) {
	count := len(keystoneCases) + len(credentialCases) + len(novaCases) + len(serverCases) + len(deviceCases) + len(keyPairCases) +
		len(cinderCases) + len(neutronCases) + len(routerCases) + len(groupCases) + len(glanceCases) + len(heatCases) +
		len(stackCases) + len(swiftCases) + len(largeCases) + len(quotaCases)
	require.GreaterOrEqual(t, count, enough)
}

// until polls; a real cloud is given minutes, as its machine may be busy with other things.
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

// make creates something and removes it when the case ends; the answer has the document under its noun.
func (a *actor) make(t *testing.T, service, path, noun string, body obj, headers ...string) answer {
	t.Helper()
	out := a.ask(t, http.MethodPost, service, path, obj{noun: body}, headers...)
	require.Less(t, out.status, 300, "POST %s %s: %s", service, path, out.raw)
	a.later(t, service, path+"/"+out.text(noun, "id"))
	return out
}

// made creates something and gives its id.
func (a *actor) made(t *testing.T, service, path, noun string, body obj) string {
	t.Helper()
	return a.make(t, service, path, noun, body).text(noun, "id")
}

// later removes something at the end of the case and waits until it is gone. What is in the way may be on its way out.
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

// administrator is who may take quotas away; without one the case is skipped.
func administrator(t *testing.T) *actor {
	t.Helper()
	if shared.admin == nil {
		t.Skip("needs an administrator")
	}
	return shared.admin
}

// somebody is a user of another project than the one the cases run in.
func somebody(t *testing.T, role string) *actor {
	t.Helper()
	administrator(t)
	a, err := shared.newProject(t, "other-"+random(2)).add(role, role)
	require.NoError(t, err)
	return a
}
