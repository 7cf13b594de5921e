package ansible_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/ansible"
	"mycloudmanager/internal/instance/ansible/ansibletest"
	"mycloudmanager/internal/platform/i18n"
)

// play returns a play with the tasks and one host, and the host. The working directories are in a temporary directory of the test.
func play(t *testing.T, tasks string) (ansible.Play, *ansibletest.Host) {
	t.Helper()
	t.Setenv("TMPDIR", shortTemp(t))
	signer, key := ansibletest.NewKey(t)
	h := ansibletest.Start(t, signer.PublicKey())
	playbook := "- name: a play\n  hosts: all\n  gather_facts: false\n  vars: {ansible_remote_tmp: '" + t.TempDir() + "'}\n  tasks:\n" + tasks
	return ansible.Play{
		Files: fstest.MapFS{"install.yml": {Data: []byte(playbook)}}, Playbook: "install.yml", Hosts: []ansible.Host{h.Named("web 1")},
		PrivateKey: key, Timeout: 2 * time.Minute,
	}, h
}

// shortTemp returns a temporary directory whose path is short enough for Unix sockets.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "ans") //nolint:usetesting // the path of t.TempDir is too long
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// run runs the play and returns its recap and events. It fails if the run leaves files or processes.
func run(t *testing.T, p ansible.Play) (ansible.Recap, []ansible.Event, error) {
	t.Helper()
	var events []ansible.Event
	r := &ansible.Runner{Grace: 3 * time.Second}
	recap, err := r.Run(t.Context(), p, func(e ansible.Event) { events = append(events, e) })
	requireNothingLeft(t)
	return recap, events, err
}

func requireNothingLeft(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob(os.Getenv("TMPDIR") + "/mcm-ansible-*")
	require.NoError(t, err)
	require.Empty(t, left, "the working directory is left")
	// The ssh process of a shared connection may take a moment to end after it has confirmed the command to exit.
	var running []string
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if running = processes(os.Getenv("TMPDIR") + "/mcm-ansible-"); len(running) == 0 {
			return
		}
	}
	require.Empty(t, running, "processes of the run are left")
}

// processes returns the command lines of all other processes whose command line or environment contains text.
func processes(text string) (found []string) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range all {
		line, _ := os.ReadFile(p + "/cmdline")
		env, _ := os.ReadFile(p + "/environ")
		if p != fmt.Sprintf("/proc/%d", os.Getpid()) && strings.Contains(string(line)+string(env), text) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// kinds returns the kinds of the events of a task.
func kinds(events []ansible.Event, task string) (out []string) {
	for _, e := range events {
		if e.Task == task {
			out = append(out, e.Kind)
		}
	}
	return out
}

// find returns the first event of the kind and the task.
func find(t *testing.T, events []ansible.Event, kind, task string) ansible.Event {
	t.Helper()
	for _, e := range events {
		if e.Kind == kind && e.Task == task {
			return e
		}
	}
	t.Fatalf("no event %s of %q in %+v", kind, task, events)
	return ansible.Event{}
}

// The caller that cancels a run also closes the connections to the hosts, so that Ansible may report all hosts as unreachable. Run
// must return the error of the context instead.
func TestRunner_Run_cancelIsNotHostFailure(t *testing.T) {
	p, _ := play(t, "  - {name: ask, ansible.builtin.ping: }\n")
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700))
	}
	write("ansible-playbook", "#!/bin/sh\ncd "+dir+"\ntrap 'cat stats >&3; exit 4' INT\ncat task >&3\nsleep 20 >/dev/null 2>&1 3>&- & wait\n")
	write("task", `{"kind": "task", "task": "ask"}`+"\n")
	for stats, failed := range map[string]bool{`{"ok": 5, "unreachable": 1}`: true, `{"ok": 5, "failures": 1}`: true, `{"ok": 5}`: false} {
		write("stats", `{"kind": "stats", "stats": {"h0": `+stats+"}}\n")
		ctx, cancel := context.WithCancel(t.Context())
		recap, err := (&ansible.Runner{Executable: filepath.Join(dir, "ansible-playbook")}).Run(ctx, p, func(ansible.Event) { cancel() })
		cancel()
		require.Equal(t, 5, recap["web 1"].OK, stats)
		if failed {
			require.ErrorIs(t, err, context.Canceled, stats)
		} else {
			require.NoError(t, err, "the playbook had completed")
		}
	}
}

// The reason must contain the error output of the host if the message of Ansible contains only the name of the module.
func TestRunner_Run_hostWithoutPython(t *testing.T) {
	for _, facts := range []string{"true", "false"} {
		p, h := play(t, "  - {name: ask, ansible.builtin.ping: }\n")
		playbook := p.Files.(fstest.MapFS)["install.yml"]
		playbook.Data = bytes.Replace(playbook.Data, []byte("gather_facts: false"), []byte("gather_facts: "+facts), 1)
		p.Hosts = []ansible.Host{h.Named("web 1")}
		p.Hosts[0].Variables = map[string]any{"ansible_python_interpreter": "/nowhere/python3"}
		recap, _, err := run(t, p)
		require.NoError(t, err)
		require.Regexp(t, `^(Gathering Facts|ask): .*/nowhere/python3: not found$`, recap["web 1"].Reason.String())
	}
}

func TestRunner_Run_events(t *testing.T) {
	file := filepath.Join(t.TempDir(), "made")
	p, h := play(t, `
  - {name: a file, ansible.builtin.copy: {content: "{{ mcm_text }}", dest: "{{ mcm_file }}", mode: "0600"}}
  - {name: a text, ansible.builtin.debug: {msg: "of {{ mcm_text }}"}}
  - {name: not here, ansible.builtin.command: "false", when: false}
  - {name: allowed to fail, ansible.builtin.command: "false", ignore_errors: true}
  - {name: a loop, ansible.builtin.debug: {msg: "{{ item }}"}, loop: [one, two]}
`)
	p.Variables = map[string]any{"mcm_file": file, "mcm_text": "a"}
	p.Hosts[0].Variables = map[string]any{"mcm_text": "{{ lookup('pipe', 'id') }}"}
	recap, events, err := run(t, p)
	require.NoError(t, err)
	require.Equal(t, ansible.Recap{"web 1": {OK: 4, Changed: 2, Skipped: 1}}, recap, "%+v", events)
	require.True(t, recap["web 1"].Succeeded())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "{{ lookup('pipe', 'id') }}", string(text), "variables are not templates, and the variable of the host takes precedence")

	require.Equal(t, []string{"task", "start", "ok"}, kinds(events, "a file"))
	require.Equal(t, ansible.KindPlay, events[0].Kind)
	copied := find(t, events, ansible.KindOK, "a file")
	require.True(t, copied.Changed)
	require.Equal(t, "web 1", copied.Host)
	require.Equal(t, "ansible.builtin.copy", copied.Action)
	require.WithinDuration(t, time.Now(), copied.At, time.Minute)
	require.Equal(t, "of {{ lookup('pipe', 'id') }}", find(t, events, ansible.KindOK, "a text").Message.String())
	require.Equal(t, []string{"task", "start", "skipped"}, kinds(events, "not here"))
	require.True(t, find(t, events, ansible.KindFailed, "allowed to fail").Ignored)
	require.Equal(t, "one", find(t, events, ansible.KindItem, "a loop").Message.String())
	require.Eventually(t, func() bool { return h.Connections.Load() == 0 }, 5*time.Second, 10*time.Millisecond, "the shared connection is open")

	raw, err := json.Marshal(copied)
	require.NoError(t, err)
	require.Contains(t, string(raw), `"kind":"ok","host":"web 1","task":"a file"`)
}

func TestRunner_Run_checkMode(t *testing.T) {
	file := filepath.Join(t.TempDir(), "made")
	p, _ := play(t, "  - {name: a file, ansible.builtin.copy: {content: x, dest: '"+file+"', mode: '0600'}}\n")
	p.Check = true
	recap, _, err := run(t, p)
	require.NoError(t, err)
	require.Equal(t, 1, recap["web 1"].Changed)
	require.NoFileExists(t, file)
}

func TestRunner_Run_failureReason(t *testing.T) {
	for name, c := range map[string]struct{ tasks, reason string }{
		"a command":  {"  - {name: look, ansible.builtin.command: cat /no/such/file}\n", "look: cat: /no/such/file: No such file or directory"},
		"a sentence": {"  - {name: look, ansible.builtin.fail: {msg: this is no Debian}}\n", "look: this is no Debian"},
		"an item":    {"  - {name: look, ansible.builtin.command: 'test {{ item }} = a', loop: [a, b, c]}\n", "look: b: non-zero return code"},
		"a module":   {"  - {name: look, ansible.builtin.copy: {content: x, dest: /no/such/folder/file, mode: '0600'}}\n", "look: Destination directory /no/such/folder does not exist"},
	} {
		p, _ := play(t, c.tasks)
		recap, _, err := run(t, p)
		require.NoError(t, err, name)
		require.Equal(t, c.reason, recap["web 1"].Reason.String(), name)
		require.Equal(t, 1, recap["web 1"].Failed)
		require.False(t, recap["web 1"].Succeeded())
	}
}

func TestRunner_Run_rescuedFailure(t *testing.T) {
	p, _ := play(t, "  - block: [{name: look, ansible.builtin.command: 'false'}]\n    rescue: [{name: mend, ansible.builtin.debug: {msg: mended}}]\n")
	recap, _, err := run(t, p)
	require.NoError(t, err)
	require.True(t, recap["web 1"].Succeeded(), "%+v", recap)
}

func TestRunner_Run_unreachableReasons(t *testing.T) {
	p, h := play(t, "  - {name: look, ansible.builtin.ping: }\n")
	signer, _ := ansibletest.NewKey(t)
	other := ansibletest.Start(t, signer.PublicKey())
	closed := h.Named("closed")
	closed.Port = 1
	wrong := h.Named("wrong key")
	wrong.HostKeys = []string{other.Key}
	p.Hosts = append(p.Hosts, closed, wrong, other.Named("not let in"))
	recap, events, err := run(t, p)
	require.NoError(t, err)
	require.True(t, recap["web 1"].Succeeded())
	require.Equal(t, ansible.HostRecap{Unreachable: 1, Reason: ansible.HostKeyMismatch()}, recap["wrong key"], "%+v", events)
	require.Contains(t, recap["closed"].Reason.String(), "Connection refused")
	require.Contains(t, recap["not let in"].Reason.String(), "the host refuses the manager's SSH key")
}

// On a busy machine Ansible may report only a broken pipe to ssh, without the error output of ssh. Run must then query ssh again.
func TestRunner_Run_brokenPipeToSSH(t *testing.T) {
	p, h := play(t, "  - {name: look, ansible.builtin.ping: }\n")
	closed := h.Named("closed")
	closed.Port = 1
	signer, _ := ansibletest.NewKey(t)
	wrong := h.Named("wrong key")
	wrong.HostKeys = []string{ansibletest.Start(t, signer.PublicKey()).Key}
	p.Hosts = []ansible.Host{closed, wrong, h.Named("reachable")}
	stub := filepath.Join(t.TempDir(), "stub")
	require.NoError(t, os.WriteFile(stub, []byte(`#!/bin/sh
for h in h0 h1 h2; do echo '{"kind": "unreachable", "host": "'$h'", "message": "Data could not be sent to remote host: [Errno 32] Broken pipe"}' >&3; done
echo '{"kind": "stats", "stats": {"h0": {"unreachable": 1}, "h1": {"unreachable": 1}, "h2": {"unreachable": 1}}}' >&3
`), 0o700))
	recap, err := (&ansible.Runner{Executable: stub}).Run(t.Context(), p, nil)
	require.NoError(t, err)
	require.Contains(t, recap["closed"].Reason.String(), "Connection refused")
	require.Equal(t, ansible.HostKeyMismatch(), recap["wrong key"].Reason)
	require.Contains(t, recap["reachable"].Reason.String(), "the connection broke while data was sent")
}

func TestRunner_Run_throughBastion(t *testing.T) {
	p, _ := play(t, "  - {name: look, ansible.builtin.ping: }\n")
	allowed, key := ansibletest.NewKey(t)
	bastion, inner := ansibletest.Start(t, allowed.PublicKey()), ansibletest.Start(t, allowed.PublicKey())
	jump := bastion.Named("bastion")
	p.PrivateKey, p.Jump, p.Hosts = key, &jump, []ansible.Host{inner.Named("inner")}
	recap, events, err := run(t, p)
	require.NoError(t, err)
	require.True(t, recap["inner"].Succeeded(), "%+v", events)

	unreachable := jump
	unreachable.Port = 1
	p.Jump = &unreachable
	recap, _, err = run(t, p)
	require.NoError(t, err)
	require.Contains(t, recap["inner"].Reason.String(), "bastion: ")
	require.Contains(t, recap["inner"].Reason.String(), "Connection refused")

	p.Jump, jump.HostKeys = &jump, []string{inner.Key}
	recap, events, err = run(t, p)
	require.NoError(t, err)
	require.Equal(t, i18n.Messagef("bastion: %s", ansible.HostKeyMismatch()), recap["inner"].Reason, "%+v", events)
}

func TestRunner_Run_hidesSecrets(t *testing.T) {
	p, _ := play(t, `
  - {name: wait, ansible.builtin.command: sleep 1.5}
  - {name: censored, ansible.builtin.debug: {msg: "{{ mcm_secret }}"}, no_log: true}
  - {name: silent, ansible.builtin.command: printf censored-%s output, no_log: true}
  - {name: prints, ansible.builtin.shell: "cat; echo seen >&2", args: {stdin: "it is {{ mcm_secret }}"}}
  - {name: "says {{ mcm_secret }}", ansible.builtin.fail: {msg: "it is {{ mcm_secret }}"}}
`)
	const secret = "s3cr3t-of-the-app"
	p.Variables, p.Secrets = map[string]any{"mcm_secret": secret}, []string{"", "s3cr3t", secret}
	var exposed, readable []string
	var checked bool
	var dirMode os.FileMode
	var events []ansible.Event
	recap, err := (&ansible.Runner{}).Run(t.Context(), p, func(e ansible.Event) {
		events = append(events, e)
		if checked || e.Kind != ansible.KindStart {
			return
		}
		checked = true
		time.Sleep(500 * time.Millisecond)
		require.NotEmpty(t, processes(os.Getenv("TMPDIR")+"/mcm-ansible-"), "processes does not find the processes of the run")
		exposed = processes(secret)
		dirs, _ := filepath.Glob(os.Getenv("TMPDIR") + "/mcm-ansible-*")
		if info, err := os.Stat(dirs[0]); err == nil {
			dirMode = info.Mode().Perm()
		}
		_ = filepath.Walk(os.Getenv("TMPDIR"), func(name string, info os.FileInfo, err error) error {
			if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && filepath.Dir(filepath.Dir(name)) == os.Getenv("TMPDIR") {
				readable = append(readable, name)
			}
			return nil
		})
	})
	require.NoError(t, err)
	require.True(t, checked)
	require.Empty(t, exposed)
	require.Empty(t, readable, "files that other users can read")
	require.Equal(t, os.FileMode(0o700), dirMode)
	requireNothingLeft(t)
	require.Contains(t, recap["web 1"].Reason.String(), "it is ********")
	raw, err := json.Marshal(events)
	require.NoError(t, err)
	require.NotContains(t, string(raw), secret)
	require.Contains(t, find(t, events, ansible.KindOK, "censored").Message.String(), "no_log")
	require.NotContains(t, string(raw), "censored-output")
	require.Equal(t, "it is ********", find(t, events, ansible.KindOK, "prints").Stdout)
	require.Equal(t, "seen", find(t, events, ansible.KindOK, "prints").Stderr)
}

func TestRunner_Run_cancel(t *testing.T) {
	p, h := play(t, "  - {name: before, ansible.builtin.ping: }\n  - {name: long, ansible.builtin.command: sleep 5}\n  - {name: after, ansible.builtin.ping: }\n")
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	start := time.Now()
	var cancelled time.Time
	recap, err := (&ansible.Runner{Grace: 3 * time.Second}).Run(ctx, p, func(e ansible.Event) {
		if e.Kind == ansible.KindStart && e.Task == "long" {
			once.Do(func() { cancelled = time.Now(); cancel() })
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(cancelled), 4*time.Second, "cancelled after %s", cancelled.Sub(start))
	require.Equal(t, ansible.HostRecap{OK: 1, Reason: i18n.Messagef("the run was stopped before its end")}, recap["web 1"])
	requireNothingLeft(t)
	require.Eventually(t, func() bool { return h.Connections.Load() == 0 }, 5*time.Second, 10*time.Millisecond)
}

// If ansible-playbook ignores the interrupt, Run kills it with all its child processes.
func TestRunner_Run_killsAfterGracePeriod(t *testing.T) {
	p, _ := play(t, "  - {name: x, ansible.builtin.ping: }\n")
	stubborn := filepath.Join(t.TempDir(), "stubborn")
	require.NoError(t, os.WriteFile(stubborn, []byte("#!/bin/sh\ntrap '' INT\nsleep 60 &\necho '{\"kind\":\"play\"}' >&3\nwait\nsleep 60\n"), 0o700))
	ctx, cancel := context.WithCancel(t.Context())
	_, err := (&ansible.Runner{Executable: stubborn, Grace: 200 * time.Millisecond}).Run(ctx, p, func(ansible.Event) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	requireNothingLeft(t)
}

func TestRunner_Run_timeout(t *testing.T) {
	p, _ := play(t, "  - {name: long, ansible.builtin.command: sleep 6}\n")
	p.Timeout = 3 * time.Second
	recap, _, err := run(t, p)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.ErrorContains(t, err, "install.yml did not end within 3s")
	require.Equal(t, "the playbook did not end within 3s", recap["web 1"].Reason.String())
}

func TestRunner_Run_invalidPlay(t *testing.T) {
	p, h := play(t, "  - {name: x, no_such_module: {}}\n")
	recap, _, err := run(t, p)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "couldn't resolve module/action 'no_such_module'")
	require.NotContains(t, err.Error(), "/tmp/")
	require.Equal(t, "the playbook was not run", recap["web 1"].Reason.String())

	p.Files = fstest.MapFS{"install.yml": {Data: []byte("- hosts: nobody\n  tasks: []\n")}}
	recap, _, err = run(t, p)
	require.NoError(t, err, "Ansible exits with 0 if no host matches")
	require.Equal(t, "the playbook did not reach the host", recap["web 1"].Reason.String())

	_, err = (&ansible.Runner{Executable: "no-such-ansible"}).Run(t.Context(), p, nil)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.ErrorContains(t, err, "install the package ansible-core")

	for name, change := range map[string]func(*ansible.Play){
		"there is no playbook":                   func(p *ansible.Play) { p.Playbook = "none.yml" },
		"there is no playbook i":                 func(p *ansible.Play) { p.Files = nil },
		"there is no playbook ../":               func(p *ansible.Play) { p.Playbook = "../inventory.yml" },
		"the play has no hosts":                  func(p *ansible.Play) { p.Hosts = nil },
		"the play contains the host web 1 twice": func(p *ansible.Play) { p.Hosts = append(p.Hosts, p.Hosts[0]) },
		"is not an address":                      func(p *ansible.Play) { p.Hosts[0].Address = "a\n  ProxyCommand id" },
		"is not a user name":                     func(p *ansible.Play) { p.Hosts[0].User = "-oProxyCommand=id" },
		"no host key is pinned":                  func(p *ansible.Play) { p.Hosts[0].HostKeys = nil },
		"cannot be read":                         func(p *ansible.Play) { p.Hosts[0].HostKeys = []string{"ssh-ed25519 AAAA"} },
		"is not a port number":                   func(p *ansible.Play) { p.Hosts[0].Port = 70000 },
	} {
		q := p
		q.Hosts = []ansible.Host{h.Named("web 1")}
		change(&q)
		_, _, err := run(t, q)
		require.Equal(t, fault.Invalid, fault.KindOf(err), name)
		require.ErrorContains(t, err, name)
	}
}

// A run deletes the working directories of killed managers.
func TestRunner_Run_deletesStaleWorkdirs(t *testing.T) {
	p, _ := play(t, "  - {name: x, ansible.builtin.ping: }\n")
	left := filepath.Join(os.Getenv("TMPDIR"), "mcm-ansible-killed")
	require.NoError(t, os.Mkdir(left, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(left, "lock"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(left, "key"), p.PrivateKey, 0o600))
	require.NoError(t, os.Chtimes(left, time.Time{}, time.Now().Add(-time.Hour)))
	_, _, err := run(t, p)
	require.NoError(t, err)
	require.NoDirExists(t, left)
}

// If the manager is killed, Ansible must stop. The test starts its own binary as the manager.
func TestRunner_Run_stopsWhenManagerIsKilled(t *testing.T) {
	if stub := os.Getenv("MCM_TEST_STUB"); stub != "" {
		signer, key := ansibletest.NewKey(t)
		h := ansibletest.Start(t, signer.PublicKey())
		p := ansible.Play{Files: fstest.MapFS{"install.yml": {Data: []byte("[]")}}, Playbook: "install.yml", Hosts: []ansible.Host{h.Named("x")}, PrivateKey: key}
		_, _ = (&ansible.Runner{Executable: stub}).Run(t.Context(), p, nil)
		return
	}
	dir := t.TempDir()
	stub, begun, ended := dir+"/stub", dir+"/begun", dir+"/ended"
	require.NoError(t, os.WriteFile(stub, []byte("#!/bin/sh\ntrap 'echo > "+ended+"; exit' INT\necho > "+begun+"\nwhile :; do sleep 0.1; done\n"), 0o700))
	manager := exec.Command(os.Args[0], "-test.run=^TestRunner_Run_stopsWhenManagerIsKilled$")
	manager.Env = append(os.Environ(), "MCM_TEST_STUB="+stub, "TMPDIR="+shortTemp(t))
	require.NoError(t, manager.Start())
	exists := func(file string) func() bool {
		return func() bool { _, err := os.Stat(file); return err == nil }
	}
	require.Eventually(t, exists(begun), 10*time.Second, 10*time.Millisecond)
	require.NoError(t, manager.Process.Kill())
	_ = manager.Wait()
	require.Eventually(t, exists(ended), 5*time.Second, 10*time.Millisecond)
}
