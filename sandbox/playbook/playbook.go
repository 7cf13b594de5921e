// Package playbook simulates ansible-playbook for the simulated hosts, which have no Python. It takes the same
// arguments, connects to the hosts with the same OpenSSH configuration, emits the same events, and stores on
// each host which agents are installed.
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

// Name is the program name under which the executable runs as this simulation.
const Name = "ansible-playbook"

// taskTime is the duration of a task on a simulated host.
const taskTime = 60 * time.Millisecond

// run is one playbook run.
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
	begun  map[string]bool // by task name
}

// Main runs the playbook given by the arguments and returns ansible-playbook's exit code.
func Main(ctx context.Context, arguments []string) int {
	r, err := open(arguments)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ERROR!", err)
		return 1
	}
	r.emit("play", map[string]any{"message": r.app})
	var hosts sync.WaitGroup
	for _, host := range r.hosts {
		hosts.Go(func() { r.play(ctx, host) })
	}
	hosts.Wait()
	if ctx.Err() != nil {
		return 99
	}
	r.emit("stats", map[string]any{"stats": r.stats})
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

// task is the part of a playbook's task that is simulated.
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

// play runs the tasks on one host. A task whose state is already as wanted reports no change.
func (r *run) play(ctx context.Context, host string) {
	state, stderr, err := r.on(ctx, host, "state")
	if err != nil {
		r.count(host, "unreachable")
		r.emit("unreachable", map[string]any{"host": host, "task": "Gathering Facts", "message": stderr})
		return
	}
	installed := state == "installed"
	verb := strings.TrimSuffix(r.book, ".yml")
	if verb == "verify" && !installed {
		r.count(host, "failures")
		r.emit("failed", map[string]any{"host": host, "task": r.tasks[0], "message": "the agent is not there"})
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
		r.emit("ok", map[string]any{"host": host, "task": name, "changed": changes, "stdout": printed(r.app, name, changes)})
	}
	if changes && !r.check {
		if _, stderr, err := r.on(ctx, host, verb); err != nil {
			r.count(host, "failures")
			r.emit("failed", map[string]any{"host": host, "task": r.tasks[len(r.tasks)-1], "message": stderr})
		}
	}
}

// begin emits the start event of a task, once for all hosts.
func (r *run) begin(task string) {
	r.mu.Lock()
	first := !r.begun[task]
	r.begun[task] = true
	r.mu.Unlock()
	if first {
		r.emit("task", map[string]any{"task": task})
	}
}

// printed returns the output of a task's command.
func printed(app, task string, changes bool) string {
	end := "as it was"
	if changes {
		end = "done"
	}
	return fmt.Sprintf("%s on a simulated host: %s\n%s", app, strings.ToLower(task), end)
}

// on queries or changes the state of the app's agent on the host.
func (r *run) on(ctx context.Context, host, verb string) (out, stderr string, err error) {
	line := slices.Concat(r.ssh[1:], []string{host, "mcm-agent", verb, r.app})
	var stdout, failure strings.Builder
	cmd := exec.CommandContext(ctx, r.ssh[0], line...) //nolint:gosec // the configuration is the run's own
	cmd.Stdout, cmd.Stderr = &stdout, &failure
	err = cmd.Run()
	return strings.TrimSpace(stdout.String()), strings.TrimSpace(failure.String()), err
}

func (r *run) count(host, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats[host][what]++
}

func (r *run) emit(kind string, fields map[string]any) {
	fields["kind"], fields["at"] = kind, float64(time.Now().UnixMilli())/1000
	b, err := json.Marshal(fields)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.events.Write(append(b, '\n')) // the reader is closed when the run was stopped
}
