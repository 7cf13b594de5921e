package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"mycloudmanager/internal/fault"
)

// Sandbox is the process of the simulated cloud. It outlives a killed manager, as a real cloud does; the next manager
// with the same data directory adopts it. It is restarted when it exits unexpectedly.
type Sandbox struct {
	options SandboxOptions
	mu      sync.Mutex
	process *sandboxProcess
	stopped bool
}

// sandboxProcess is one run of it, started or adopted.
type sandboxProcess struct {
	*os.Process
	exited chan struct{}
}

// SandboxOptions configures the simulated cloud.
type SandboxOptions struct {
	Dir    string // of its state
	Listen string
	Speed  float64
}

// registration is the file that a running sandbox writes into its directory.
type registration struct {
	PID    int    `json:"pid"`
	Listen string `json:"listen"`
}

const registrationFile = "process.json"

// LockSandbox locks the directory for the process of the sandbox, which calls it. The returned file must stay open.
func LockSandbox(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "sandbox.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is in use by another sandbox", dir), lock.Close())
	}
	return lock, nil
}

// RegisterSandbox writes the registration. The process of the sandbox calls it once it listens.
func RegisterSandbox(dir, listen string) error {
	b, err := json.Marshal(registration{os.Getpid(), listen})
	if err != nil {
		return err
	}
	file := filepath.Join(dir, registrationFile)
	if err := os.WriteFile(file+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func registered(dir string) (registration, error) {
	var r registration
	raw, err := os.ReadFile(filepath.Join(dir, registrationFile))
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	return r, err
}

// StartSandbox adopts the sandbox that runs on the directory, or starts one.
func StartSandbox(ctx context.Context, o SandboxOptions) (*Sandbox, error) {
	p, err := adopt(ctx, o)
	if err == nil && p == nil {
		p, err = startSandbox(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	s := &Sandbox{options: o, process: p}
	go s.keep() //nolint:contextcheck // it ends with Stop
	return s, nil
}

// keep restarts the sandbox when it exits, as long as its directory exists.
func (s *Sandbox) keep() {
	for {
		s.mu.Lock()
		p := s.process
		s.mu.Unlock()
		<-p.exited
		s.mu.Lock()
		stopped := s.stopped
		s.mu.Unlock()
		if _, err := os.Stat(s.options.Dir); stopped || err != nil {
			return
		}
		slog.Error("the sandbox cloud died: starting it again")
		next, err := startSandbox(context.Background(), s.options)
		if err != nil {
			slog.Error("the sandbox cloud does not start", "err", err)
			time.Sleep(time.Second)
			continue
		}
		s.mu.Lock()
		s.process = next
		s.mu.Unlock()
	}
}

func startSandbox(ctx context.Context, o SandboxOptions) (*sandboxProcess, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(own, "sandbox-cloud", "--sandbox-listen", o.Listen, "--dir", o.Dir, "--sandbox-speed", strconv.FormatFloat(o.Speed, 'g', -1, 64))
	logFile, err := openLog(o.Dir)
	if err != nil {
		return nil, err
	}
	defer logFile.Close() //nolint:errcheck // the child has its own descriptor
	// A file, not a pipe: the sandbox continues to write after its manager has ended.
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &sandboxProcess{Process: cmd.Process, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.exited)
	}()
	if err := p.await(ctx, o.Dir); err != nil {
		if said := lastLine(logFile.Name()); said != "" {
			err = errors.New(said)
		}
		return nil, fault.New(fault.Unavailable, err, "the sandbox cloud did not start: %v", err)
	}
	return p, nil
}

func openLog(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, "sandbox.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
}

func lastLine(file string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	t := &tail{}
	_, _ = t.Write(raw)
	return t.last()
}

// adopt returns the sandbox that runs on the directory, or nil.
func adopt(ctx context.Context, o SandboxOptions) (*sandboxProcess, error) {
	lock, err := os.OpenFile(filepath.Join(o.Dir, "sandbox.lock"), os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer lock.Close() //nolint:errcheck // it was opened only to test the lock
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		return nil, nil // not locked
	}
	r, err := registered(o.Dir)
	if err != nil {
		return nil, err
	}
	if r.Listen != o.Listen {
		return nil, fault.New(fault.Conflict, nil, "a sandbox cloud on this data folder already listens on %s: set MCM_SANDBOX_LISTEN to it, or end process %d", r.Listen, r.PID)
	}
	process, err := os.FindProcess(r.PID)
	if err != nil {
		return nil, err
	}
	p := &sandboxProcess{Process: process, exited: make(chan struct{})}
	go func() { // not a child process: it cannot be waited for
		for process.Signal(syscall.Signal(0)) == nil {
			time.Sleep(200 * time.Millisecond)
		}
		close(p.exited)
	}()
	return p, p.await(ctx, o.Dir)
}

// await returns when the process listens.
func (p *sandboxProcess) await(ctx context.Context, dir string) error {
	deadline := time.After(startTimeout)
	for {
		if r, err := registered(dir); err == nil && r.PID == p.Pid {
			return nil
		}
		select {
		case <-p.exited:
			return errors.New("it ended")
		case <-deadline:
			return errors.New("it does not open its port")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop stops the simulated cloud and keeps its state.
func (s *Sandbox) Stop() {
	s.mu.Lock()
	s.stopped = true
	p := s.process
	s.mu.Unlock()
	_ = p.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		_ = p.Kill()
	}
}
