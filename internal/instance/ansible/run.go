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
)

const (
	path         = "/usr/bin:/bin" // another python or ssh that comes earlier in the manager's PATH is none of Ansible's
	defaultForks = 10
	defaultGrace = 10 * time.Second
)

// Run plays p and calls on for each event, in order and from one goroutine. Hosts that failed are no error: the recap
// says why. The error is a fault when the playbook could not be run or did not end in its time, and ctx's own error
// when ctx ended; the recap then holds how far each host came.
//
// An end of ctx is an interrupt for Ansible and, after the grace, a kill of all its processes. What a host does at that
// moment it may bring to its end.
func (r *Runner) Run(ctx context.Context, p Play, on func(Event)) (Recap, error) {
	executable, err := r.executable()
	if err != nil {
		return nil, err
	}
	f, err := newWorkdir(p)
	if err != nil {
		return nil, err
	}
	defer f.remove()
	defer f.closeConnections()

	limited, stop := ctx, context.CancelFunc(func() {})
	if p.Timeout > 0 {
		limited, stop = context.WithTimeout(ctx, p.Timeout)
	}
	defer stop()
	in, said := newReader(p, f, on), &tail{}
	err = r.process(limited, executable, p, f, in, said)
	return conclude(ctx, limited, p, f, in, said, err)
}

// executable finds ansible-playbook and what it needs.
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

func (r *Runner) process(ctx context.Context, executable string, p Play, f *workdir, in *reader, said *tail) error {
	cmd := exec.CommandContext(ctx, executable, arguments(p, f)...)
	cmd.Dir = f.at("play")
	cmd.Env = append(environment(f), r.Environment...)
	cmd.Stdout, cmd.Stderr = said, said
	pipe, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = pipe.Close() }()
	cmd.ExtraFiles = []*os.File{theirs} // becomes 3

	// A manager that is killed takes Ansible along. The kernel watches the thread that started it, not the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = r.Grace
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = defaultGrace
	}
	err = cmd.Start()
	_ = theirs.Close()
	if err != nil {
		return err
	}
	read := make(chan struct{})
	go func() { defer close(read); in.read(pipe) }()
	err = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // whoever of the group is left
	<-read
	return err
}

func arguments(p Play, f *workdir) []string {
	forks := p.Forks
	if forks == 0 {
		forks = defaultForks
	}
	args := []string{"--inventory", f.at("inventory.yml"), "--forks", strconv.Itoa(forks)}
	if p.Check {
		args = append(args, "--check")
	}
	return append(args, p.Playbook)
}

func environment(f *workdir) []string {
	return []string{
		"PATH=" + path, "LC_ALL=C.UTF-8", "HOME=" + f.path, "TMPDIR=" + f.at("tmp"), "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1",
		"ANSIBLE_CONFIG=" + f.at("ansible.cfg"), "ANSIBLE_CALLBACK_PLUGINS=" + f.at("plugins"), "ANSIBLE_LOCAL_TEMP=" + f.at("tmp"),
		"ANSIBLE_SSH_ARGS=-F " + f.at("ssh_config"), "MCM_EVENTS_FD=3",
	}
}

// closeConnections ends the shared connections: they are in sessions of their own, so no signal to the group finds them.
func (f *workdir) closeConnections() {
	sockets, err := filepath.Glob(f.at("sockets/*"))
	if err != nil {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	for _, s := range sockets {
		// One that is gone already is well. Without a way to the host: to one that goes just now, because the bastion's went, ssh
		// would make a new connection.
		_ = exec.CommandContext(ctx, "/usr/bin/ssh", "-F", f.at("ssh_config"), "-o", "ProxyCommand=/bin/false", "-O", "exit", filepath.Base(s)).Run()
	}
}

// bastionError is what ssh complained of on the way to the hosts.
func (f *workdir) bastionError() string {
	text, err := os.ReadFile(f.at("bastion.log"))
	if err != nil {
		return ""
	}
	return string(text)
}

// sshError is what ssh complains of when it is asked for the host once more: Ansible loses the words of an ssh that went while a
// module was being sent to it.
func (f *workdir) sshError(alias string) string {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	words, err := exec.CommandContext(ctx, "/usr/bin/ssh", "-F", f.at("ssh_config"), "-o", "ControlPath=none", alias, "true").CombinedOutput()
	if err == nil {
		return "the connection broke off while data was sent"
	}
	return string(words)
}

// conclude makes recap and error of what was seen. The exit code is only a hint: 0 is also "no host matched", 4 is also
// "the playbook cannot be read".
func conclude(ctx, limited context.Context, p Play, f *workdir, in *reader, said *tail, err error) (Recap, error) {
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil && in.stats != nil && in.anyFailed():
		// Who ends ctx takes the way to the hosts away too: that they failed then says nothing of them.
		return in.recap("the run was stopped before its end"), ctx.Err()
	case in.stats != nil && (len(in.stats) > 0 || err == nil):
		return in.recap("the playbook never reached it"), nil
	case ctx.Err() != nil:
		return in.recap("the run was stopped before its end"), ctx.Err()
	case limited.Err() != nil:
		return in.recap("it did not end within " + p.Timeout.String()), fault.New(fault.Unavailable, err, "%s did not end within %s and was stopped", p.Playbook, p.Timeout)
	case err != nil && !errors.As(err, &exit):
		return in.recap("the playbook was not run"), fault.New(fault.Internal, err, "ansible-playbook cannot be run")
	case !in.any:
		return in.recap("the playbook was not run"), fault.New(fault.Invalid, err, "%s cannot be run: %s", p.Playbook, in.mask.Replace(said.words(f)))
	}
	return in.recap("ansible-playbook ended early"), fault.New(fault.Internal, err, "ansible-playbook ended early: %s", in.mask.Replace(said.words(f)))
}

// tail keeps the last of what Ansible prints for people.
type tail struct{ text []byte }

const tailSize = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - tailSize; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

var errorLine = regexp.MustCompile(`(?s)(?:ERROR!|\[ERROR\]:)\s*(.*)`)

// words are Ansible's own about its last error, without the paths of the run.
func (t *tail) words(f *workdir) string {
	text := strings.ReplaceAll(strings.ReplaceAll(string(t.text), f.at("play")+"/", ""), f.path+"/", "")
	if m := errorLine.FindStringSubmatch(text); m != nil {
		text = m[1]
	}
	if text = strings.TrimSpace(text); text == "" {
		return "it said nothing"
	}
	return text
}
