//go:build acceptance

package e2e_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/test/acceptance/hosts/hostlab"
)

// killsOnHosts kills the worker and the API with SIGKILL during enrollments and playbooks, MCM_HOST_KILLS
// times.
func killsOnHosts(t *testing.T, h *hostSet) {
	action := "remove"
	for k := range hostCount(t, "MCM_HOST_KILLS", 6) {
		if k%2 == 0 {
			h.killedEnrollment(t, 1+k/2%len(h.numbers()))
			continue
		}
		h.killedPlay(t, action)
		action = map[string]string{"remove": "install", "install": "remove"}[action]
	}
	require.Eventually(t, func() bool {
		_, raw := h.do(t, http.MethodGet, "/tasks?page_size=100", nil, nil)
		return !bytes.Contains(raw, []byte(`"status":"running"`))
	}, 2*time.Minute, time.Second, "all tasks end")
}

func (h *hostSet) killedEnrollment(t *testing.T, n int) {
	t.Helper()
	h.unenroll(t, n)
	command := h.command(t, map[string]any{})
	wait, began := time.Duration(rand.Int64N(int64(4*time.Second))), time.Now() // an enrollment is short
	ended := make(chan error)
	go func() {
		_, err := hostlab.On(t, n, command)
		ended <- err
	}()
	h.killAfter(t, wait)
	again := 0
	for err := <-ended; err != nil; again++ { // a host that could not reach the manager runs the same command again
		require.Less(t, again, 3)
		var said string
		said, err = hostlab.On(t, n, command)
		t.Log(said)
	}
	h.requireEnrolled(t, n)
	t.Logf("enrollment of %s, killed after %.1f s: ended after %.1f s, pasted again %d times", hostlab.Name(n), wait.Seconds(), time.Since(began).Seconds(), again)
}

// killedPlay kills at a random moment, and every third time after a host has the package but has not recorded
// which app installed it.
func (h *hostSet) killedPlay(t *testing.T, action string) {
	t.Helper()
	wait, began := time.Duration(rand.Int64N(int64(8*time.Second))), time.Now()
	id := h.begin(t, http.MethodPost, "/agents:batch", h.batch(action), nil).ID
	if action == "install" && rand.IntN(3) == 0 {
		require.Eventually(t, func() bool { _, err := hostlab.On(t, 1, "command -v chronyd"); return err == nil }, time.Minute, 20*time.Millisecond)
		wait = 0
	}
	time.Sleep(wait)
	killed := time.Since(began)
	h.killAfter(t, 0)
	for _, line := range h.lines(t, h.endWithin(t, id, "succeeded", 5*time.Minute), "ntp")[1:] {
		require.NotContains(t, line, "failed: ")
	}
	for _, n := range h.numbers() {
		hostlab.MustOn(t, n, map[string]string{"remove": "! command -v chronyd", "install": "command -v chronyd"}[action])
	}
	t.Logf("%s on all, killed after %.1f s: ended after %.1f s", action, killed.Seconds(), time.Since(began).Seconds())
}

var become = regexp.MustCompile(`BECOME-SUCCESS-[a-z]+`)

// playsOn returns the tasks whose playbooks run on each host now: their processes are visible from here. Each
// task has a unique argument, and runs one playbook per host at a time.
func playsOn(t *testing.T) map[string][]string {
	names := map[string]string{}
	for n := 1; n <= 6; n++ {
		if info, err := os.Stat("/run/netns/" + hostlab.Name(n)); err == nil {
			names[fmt.Sprintf("net:[%d]", info.Sys().(*syscall.Stat_t).Ino)] = hostlab.Name(n)
		}
	}
	found := map[string]map[string]bool{}
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range files {
		raw, _ := os.ReadFile(file)
		word := become.Find(raw)
		if word == nil {
			continue
		}
		space, _ := os.Readlink(filepath.Join(filepath.Dir(file), "ns/net"))
		if name := names[space]; name != "" {
			if found[name] == nil {
				found[name] = map[string]bool{}
			}
			found[name][string(word)] = true
		}
	}
	out := map[string][]string{}
	for name, words := range found {
		out[name] = slices.Sorted(maps.Keys(words))
	}
	return out
}

// watchPlays records hosts with two concurrent tasks until the returned function is called.
func watchPlays(t *testing.T) func() []string {
	stop, done := make(chan struct{}), make(chan struct{})
	var seen []string
	go func() {
		defer close(done)
		last := map[string][]string{}
		for {
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Millisecond):
			}
			now := playsOn(t)
			for name, words := range now {
				// The same two twice in a row: a task that ends while the next one begins is found only once.
				if len(words) > 1 && slices.Equal(words, last[name]) {
					seen = append(seen, fmt.Sprintf("%s %s: %v", time.Now().Format(time.TimeOnly), name, words))
				}
			}
			last = now
		}
	}()
	return func() []string {
		close(stop)
		<-done
		return seen
	}
}
