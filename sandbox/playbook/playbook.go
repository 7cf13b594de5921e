// Package playbook stands in for ansible-playbook on the simulated hosts, which have no Python: it
// takes the same arguments, signs in to the same hosts by the same OpenSSH configuration, tells the
// same events, and keeps on the host which app's agent is there.
package playbook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

// Name is what the program is called by when it is to be this.
const Name = "ansible-playbook"

// taskTime is how long a task takes on a simulated host.
const taskTime = 60 * time.Millisecond

// run is one playbook on some hosts.
type run struct {
	app   string
	check bool
	book  string
	hosts []string
	tasks []string
	ssh   []string // the command line up to the host

	mu     sync.Mutex
	events io.Writer
	stats  map[string]map[string]int
	begun  map[string]bool // tasks
}

// Main plays the playbook that the arguments name and returns ansible-playbook's exit code.
func Main(ctx context.Context, arguments []string) int {
	r, err := open(arguments)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ERROR!", err)
		return 1
	}
	r.tell("play", map[string]any{"message": r.app})
	var hosts sync.WaitGroup
	for _, host := range r.hosts {
		hosts.Go(func() { r.play(ctx, host) })
	}
	hosts.Wait()
	if ctx.Err() != nil {
		return 99
	}
	r.tell("stats", map[string]any{"stats": r.stats})
	return 0
}

func open(arguments []string) (*run, error) {
	r := &run{stats: map[string]map[string]int{}, begun: map[string]bool{}, ssh: append([]string{"ssh"}, strings.Fields(os.Getenv("ANSIBLE_SSH_ARGS"))...)}
	fd, err := strconv.Atoi(os.Getenv("MCM_EVENTS_FD"))
	if err != nil {
		return nil, errors.New("MCM_EVENTS_FD names no file descriptor")
	}
	r.events = os.NewFile(uintptr(fd), "events")
	inventory := ""
	for n, a := range arguments {
		switch {
		case a == "--check":
			r.check = true
		case n > 0 && arguments[n-1] == "--inventory":
			inventory = a
		case !strings.HasPrefix(a, "--") && (n == 0 || arguments[n-1] != "--forks"):
			r.book = a
		}
	}
	if err := r.readInventory(inventory); err != nil {
		return nil, err
	}
	return r, r.readTasks()
}

func (r *run) readInventory(name string) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var inventory struct {
		All struct {
			Hosts map[string]yaml.Node `yaml:"hosts"`
			Vars  map[string]yaml.Node `yaml:"vars"`
		} `yaml:"all"`
	}
	if err := yaml.Unmarshal(raw, &inventory); err != nil {
		return err
	}
	for host := range inventory.All.Hosts {
		r.hosts = append(r.hosts, host)
		r.stats[host] = map[string]int{"ok": 0, "changed": 0, "failures": 0, "unreachable": 0, "skipped": 0}
	}
	slices.Sort(r.hosts)
	r.app = inventory.All.Vars["mcm_app"].Value
	return nil
}

// task is a task of a playbook as far as its name and what it holds.
type task struct {
	Name  string `yaml:"name"`
	Block []task `yaml:"block"`
}

func (r *run) readTasks() error {
	raw, err := os.ReadFile(r.book)
	if err != nil {
		return err
	}
	var plays []struct {
		Tasks []task `yaml:"tasks"`
	}
	if err := yaml.Unmarshal(raw, &plays); err != nil {
		return err
	}
	for _, p := range plays {
		r.collect(p.Tasks)
	}
	return nil
}

func (r *run) collect(tasks []task) {
	for _, t := range tasks {
		if len(t.Block) > 0 {
			r.collect(t.Block)
		} else if t.Name != "" {
			r.tasks = append(r.tasks, t.Name)
		}
	}
}

// play goes through the tasks on one host. What is there already does not change.
func (r *run) play(ctx context.Context, host string) {
	state, complaint, err := r.on(ctx, host, "state")
	if err != nil {
		r.count(host, "unreachable")
		r.tell("unreachable", map[string]any{"host": host, "task": "Gathering Facts", "message": complaint})
		return
	}
	installed := state == "installed"
	verb := strings.TrimSuffix(r.book, ".yml")
	if verb == "verify" && !installed {
		r.count(host, "failures")
		r.tell("failed", map[string]any{"host": host, "task": r.tasks[0], "message": "the agent is not there"})
		return
	}
	changes := verb == "install" && !installed || verb == "remove" && installed
	for _, name := range r.tasks {
		if ctx.Err() != nil {
			return
		}
		r.begin(name)
		time.Sleep(taskTime)
		r.count(host, "ok")
		if changes {
			r.count(host, "changed")
		}
		r.tell("ok", map[string]any{"host": host, "task": name, "changed": changes, "stdout": printed(r.app, name, changes)})
	}
	if changes && !r.check {
		if _, complaint, err := r.on(ctx, host, verb); err != nil {
			r.count(host, "failures")
			r.tell("failed", map[string]any{"host": host, "task": r.tasks[len(r.tasks)-1], "message": complaint})
		}
	}
}

// begin tells that a task begins, once for all hosts.
func (r *run) begin(task string) {
	r.mu.Lock()
	first := !r.begun[task]
	r.begun[task] = true
	r.mu.Unlock()
	if first {
		r.tell("task", map[string]any{"task": task})
	}
}

// printed is what the program of a task prints.
func printed(app, task string, changes bool) string {
	end := "as it was"
	if changes {
		end = "done"
	}
	return fmt.Sprintf("%s on a simulated host: %s\n%s", app, strings.ToLower(task), end)
}

// on asks the host for the state of the app's agent, or changes it.
func (r *run) on(ctx context.Context, host, verb string) (out, complaint string, err error) {
	line := slices.Concat(r.ssh[1:], []string{host, "mcm-agent", verb, r.app})
	var said, complained strings.Builder
	cmd := exec.CommandContext(ctx, r.ssh[0], line...) //nolint:gosec // the configuration is the run's own
	cmd.Stdout, cmd.Stderr = &said, &complained
	err = cmd.Run()
	return strings.TrimSpace(said.String()), strings.TrimSpace(complained.String()), err
}

func (r *run) count(host, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats[host][what]++
}

func (r *run) tell(kind string, fields map[string]any) {
	fields["kind"], fields["at"] = kind, float64(time.Now().UnixMilli())/1000
	b, err := json.Marshal(fields)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.events.Write(append(b, '\n')) // nobody listens any more: the run is stopped
}
