package ansible

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

const (
	path         = "/usr/bin:/bin" // not the PATH of the manager, which may contain another python or ssh
	defaultForks = 10
	defaultGrace = 10 * time.Second
)

// Run runs the play and calls onEvent for each event, in order and from one goroutine. Failed hosts do not cause an error; the recap
// contains their reasons. The error is a fault if the playbook cannot be run or exceeds its timeout, and ctx.Err() if ctx ends. In
// these cases the recap contains the progress of each host.
//
// When ctx ends, Run interrupts Ansible and, after the grace period, kills all its processes. A host may still complete the module
// that it is executing at that time.
func (r *Runner) Run(ctx context.Context, p Play, onEvent func(Event)) (Recap, error) {
	executable, err := r.executable()
	if err != nil {
		return nil, err
	}
	f, err := newWorkdir(p)
	if err != nil {
		return nil, err
	}
	defer f.remove()
	defer f.closeConnections() //nolint:contextcheck // connections are closed after a cancel too

	limited, stop := ctx, context.CancelFunc(func() {})
	if p.Timeout > 0 {
		limited, stop = context.WithTimeout(ctx, p.Timeout)
	}
	defer stop()
	events, output := newReader(p, f, onEvent), &tail{}
	err = r.process(limited, executable, p, f, events, output)
	return conclude(ctx, limited, p, f, events, output, err)
}

// executable returns the path of ansible-playbook. The error is an Unavailable fault if ansible-playbook or ssh is not installed.
func (r *Runner) executable() (string, error) {
	name := r.Executable
	if name == "" {
		name = "ansible-playbook"
	}
	for _, tool := range []struct{ name, pkg string }{{name, "ansible-core"}, {"ssh", "openssh-client"}} {
		found := filepath.IsAbs(tool.name) && isFile(tool.name)
		for _, dir := range filepath.SplitList(path) {
			found = found || isFile(filepath.Join(dir, tool.name))
		}
		if !found {
			return "", fault.New(fault.Unavailable, nil, "%s is not installed on the manager: install the package %s", tool.name, tool.pkg)
		}
	}
	if !filepath.IsAbs(name) {
		for _, dir := range filepath.SplitList(path) {
			if isFile(filepath.Join(dir, name)) {
				return filepath.Join(dir, name), nil
			}
		}
	}
	return name, nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func (r *Runner) process(ctx context.Context, executable string, p Play, f *workdir, events *reader, output *tail) error {
	cmd := exec.CommandContext(ctx, executable, arguments(p, f)...)
	cmd.Dir = f.file("play")
	cmd.Env = append(environment(f), r.Environment...)
	cmd.Stdout, cmd.Stderr = output, output
	pipe, writeEnd, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = pipe.Close() }()
	cmd.ExtraFiles = []*os.File{writeEnd} // file descriptor 3

	// Pdeathsig interrupts Ansible if the manager is killed. The kernel sends it when the thread that started Ansible ends, so this
	// goroutine must keep its thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = r.Grace
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = defaultGrace
	}
	err = cmd.Start()
	_ = writeEnd.Close()
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { defer close(done); events.read(pipe) }()
	err = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the remaining processes of the group
	<-done
	return err
}

func arguments(p Play, f *workdir) []string {
	forks := p.Forks
	if forks == 0 {
		forks = defaultForks
	}
	args := []string{"--inventory", f.file("inventory.yml"), "--forks", strconv.Itoa(forks)}
	if p.Check {
		args = append(args, "--check")
	}
	return append(args, p.Playbook)
}

func environment(f *workdir) []string {
	return []string{
		"PATH=" + path, "LC_ALL=C.UTF-8", "HOME=" + f.path, "TMPDIR=" + f.file("tmp"), "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1",
		"ANSIBLE_CONFIG=" + f.file("ansible.cfg"), "ANSIBLE_CALLBACK_PLUGINS=" + f.file("plugins"), "ANSIBLE_LOCAL_TEMP=" + f.file("tmp"),
		"ANSIBLE_SSH_ARGS=-F " + f.file("ssh_config"), "MCM_EVENTS_FD=3",
	}
}

// closeConnections ends the shared ssh connections. They run in their own sessions, so that signals to the process group do not
// reach them.
func (f *workdir) closeConnections() {
	sockets, err := filepath.Glob(f.file("sockets/*"))
	if err != nil {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	for _, s := range sockets {
		// Errors are ignored, because the connection may already have ended. ProxyCommand=/bin/false prevents ssh from opening a new
		// connection if the shared connection ends at the same time.
		_ = exec.CommandContext(ctx, "/usr/bin/ssh", "-F", f.file("ssh_config"),
			"-o", "ProxyCommand=/bin/false", "-O", "exit", filepath.Base(s)).Run()
	}
}

// bastionError returns the error output of the ssh processes that connected to the bastion.
func (f *workdir) bastionError() string {
	text, err := os.ReadFile(f.file("bastion.log"))
	if err != nil {
		return ""
	}
	return string(text)
}

// sshError opens a new ssh connection to the host and returns the error output. Ansible does not report the error output of an ssh
// process that ends while a module is being sent.
func (f *workdir) sshError(alias string) string {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	cmd := exec.CommandContext(ctx, "/usr/bin/ssh", "-F", f.file("ssh_config"), "-o", "ControlPath=none", alias, "true")
	output, err := cmd.CombinedOutput()
	if err == nil {
		return "the connection broke while data was sent"
	}
	return string(output)
}

// conclude returns the recap and the error of a run. It does not rely on the exit code, which is ambiguous: 0 can mean that no host
// matched, and 4 can mean that the playbook cannot be read.
func conclude(ctx, limited context.Context, p Play, f *workdir, events *reader, output *tail, err error) (Recap, error) {
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil && events.stats != nil && events.anyFailed():
		// The caller that cancels ctx also closes the connections to the hosts. Failures may therefore result from the cancellation.
		return events.recap(i18n.Messagef("the run was stopped before its end")), ctx.Err()
	case events.stats != nil && (len(events.stats) > 0 || err == nil):
		return events.recap(i18n.Messagef("the playbook did not reach the host")), nil
	case ctx.Err() != nil:
		return events.recap(i18n.Messagef("the run was stopped before its end")), ctx.Err()
	case limited.Err() != nil:
		return events.recap(i18n.Messagef("the playbook did not end within %s", p.Timeout)),
			fault.New(fault.Unavailable, err, "%s did not end within %s and was stopped", p.Playbook, p.Timeout)
	case err != nil && !errors.As(err, &exit):
		return events.recap(i18n.Messagef("the playbook was not run")), fault.New(fault.Internal, err, "ansible-playbook cannot be run")
	case !events.any:
		message := events.mask.Replace(output.lastError(f))
		return events.recap(i18n.Messagef("the playbook was not run")), fault.New(fault.Invalid, err, "%s cannot be run: %s", p.Playbook, message)
	}
	message := events.mask.Replace(output.lastError(f))
	return events.recap(i18n.Messagef("ansible-playbook ended early")), fault.New(fault.Internal, err, "ansible-playbook ended early: %s", message)
}

// tail keeps the last tailSize bytes of the output of ansible-playbook.
type tail struct{ text []byte }

const tailSize = 16 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - tailSize; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

var errorLine = regexp.MustCompile(`(?s)(?:ERROR!|\[ERROR\]:)\s*(.*)`)

// lastError returns the error message in the output, without the paths of the working directory.
func (t *tail) lastError(f *workdir) string {
	text := strings.ReplaceAll(strings.ReplaceAll(string(t.text), f.file("play")+"/", ""), f.path+"/", "")
	if m := errorLine.FindStringSubmatch(text); m != nil {
		text = m[1]
	}
	if text = strings.TrimSpace(text); text == "" {
		return "no error output"
	}
	return text
}
