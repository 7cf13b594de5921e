// Package supervisor starts child processes and restarts them when they exit: the embedded Temporal server and, in the
// sandbox, the simulated cloud.
package supervisor

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/pki"
)

// Temporal is a supervised mcm-temporal. It is restarted with the same addresses and certificates when it exits
// unexpectedly, so its clients can reconnect.
type Temporal struct {
	Frontend string
	Web      string
	TLS      *tls.Config

	options      TemporalOptions
	certificates certificates
	mu           sync.Mutex
	child        *child
	stopped      bool
}

// child is one run of the executable.
type child struct {
	stdin   io.Closer
	process *os.Process
	exited  chan struct{}
	state   *os.ProcessState // set when it has exited
}

// errKilled ends the start of a server that was killed during its start.
var errKilled = errors.New("it was killed while it started")

// errInUse ends the start of a server whose data directory another server still uses.
var errInUse = errors.New("the data directory is in use by another mcm-temporal")

// exitInUse is the exit code of mcm-temporal for errInUse (EX_TEMPFAIL of sysexits(3)).
const exitInUse = 75

// TemporalOptions configures the embedded server.
type TemporalOptions struct {
	Executable    string
	DataDir       string
	Database      string // postgres:// URL of its state; empty: a file in DataDir
	Namespace     string
	PublicPath    string
	CodecEndpoint string
}

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 15 * time.Second
	// A server that was killed during its start, or whose database is still in use by the server of a killed manager, is
	// started again.
	lockTimeout = 20 * time.Second
)

// StartTemporal starts the embedded server, and returns when it listens. Certificates are created for each start and
// never written to disk.
func StartTemporal(ctx context.Context, o TemporalOptions) (*Temporal, error) {
	made, client, err := newCertificates()
	if err != nil {
		return nil, err
	}
	t := &Temporal{TLS: client, options: o, certificates: made}
	deadline := time.Now().Add(lockTimeout)
	for {
		err := t.start(ctx)
		if err == nil {
			go t.keep() //nolint:contextcheck // it ends with Stop
			return t, nil
		}
		if !errors.Is(err, errInUse) && !errors.Is(err, errKilled) || time.Now().After(deadline) {
			return nil, err
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// keep restarts the server when it exits.
func (t *Temporal) keep() {
	for {
		t.mu.Lock()
		c := t.child
		t.mu.Unlock()
		<-c.exited
		for wait := 200 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
			t.mu.Lock()
			stopped := t.stopped
			t.mu.Unlock()
			if stopped {
				return
			}
			slog.Error("mcm-temporal died: starting it again")
			err := t.start(context.Background())
			if err == nil {
				break
			}
			slog.Error("mcm-temporal does not start", "err", err)
			time.Sleep(wait)
		}
	}
}

func (t *Temporal) start(ctx context.Context) error {
	cmd := exec.Command(t.options.Executable)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	stderr := &tail{}
	cmd.Stderr = stderr
	// Its own process group: Ctrl-C at the terminal reaches only the manager, which stops the workers first.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fault.New(fault.Invalid, err, "cannot start %s: %v (run `make build`, or name an external Temporal with --temporal-address)", t.options.Executable, err)
	}
	c := &child{stdin: stdin, process: cmd.Process, exited: make(chan struct{})}
	if err := json.NewEncoder(stdin).Encode(t.specification()); err != nil {
		slog.Debug("mcm-temporal did not read its specification", "err", err)
	}
	reported := make(chan error, 1)
	go func() {
		reported <- t.read(stdout)
		_, _ = io.Copy(io.Discard, stdout)
		_ = cmd.Wait()
		c.state = cmd.ProcessState
		close(c.exited)
	}()
	if err := c.await(ctx, reported); err != nil {
		c.stop()
		switch last := stderr.last(); {
		case errors.Is(err, errKilled):
		case c.state.ExitCode() == exitInUse:
			err = errInUse
		case last != "":
			err = errors.New(last)
		}
		return fault.New(fault.Unavailable, err, "the embedded Temporal did not start: %v", err)
	}
	t.mu.Lock()
	t.child = c
	stopped := t.stopped
	t.mu.Unlock()
	if stopped {
		c.stop()
	}
	return nil
}

func (t *Temporal) specification() map[string]string {
	return map[string]string{
		"data_dir": t.options.DataDir, "database": t.options.Database, "namespace": t.options.Namespace, "public_path": t.options.PublicPath, "codec_endpoint": t.options.CodecEndpoint,
		"ca": t.certificates.ca, "cert": t.certificates.cert, "key": t.certificates.key, "frontend": t.Frontend, "web": t.Web,
	}
}

// PEM returns the CA and a certificate with its key, for another process of the same user.
func (t *Temporal) PEM() (ca, cert, key string) {
	return t.certificates.ca, t.certificates.cert, t.certificates.key
}

func (t *Temporal) read(stdout io.Reader) error {
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		return err
	}
	var report struct {
		Frontend string `json:"frontend"`
		Web      string `json:"web"`
	}
	if err := json.Unmarshal(line, &report); err != nil {
		return err
	}
	if t.Frontend == "" { // a restarted server keeps its addresses; concurrent readers need no lock
		t.Frontend, t.Web = report.Frontend, report.Web
	}
	return nil
}

// Stop stops the server, and kills it after a timeout.
func (t *Temporal) Stop() {
	t.mu.Lock()
	t.stopped = true
	c := t.child
	t.mu.Unlock()
	if c != nil {
		c.stop()
	}
}

// await returns when the server has reported its addresses.
func (c *child) await(ctx context.Context, reported <-chan error) error {
	select {
	case err := <-reported:
		if err != nil && c.killed() {
			return errKilled
		}
		return err
	case <-time.After(startTimeout):
		return errors.New("it does not say where it listens")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// killed reports whether a signal ended a server that has closed its output.
func (c *child) killed() bool {
	select {
	case <-c.exited:
		status, ok := c.state.Sys().(syscall.WaitStatus)
		return ok && status.Signaled()
	case <-time.After(time.Second):
		return false
	}
}

func (c *child) stop() {
	_ = c.stdin.Close()
	_ = c.process.Signal(syscall.SIGTERM)
	select {
	case <-c.exited:
	case <-time.After(stopTimeout):
		slog.Warn("mcm-temporal does not stop: killing it", "pid", c.process.Pid)
		_ = c.process.Kill()
		<-c.exited
	}
}

// tail keeps the end of the error output.
type tail struct {
	mu   sync.Mutex
	text string
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text += string(p)
	if n := len(t.text); n > 4096 {
		t.text = t.text[n-4096:]
	}
	return len(p), nil
}

// last returns the last line of the process itself.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(t.text), "\n")
	return strings.TrimPrefix(lines[len(lines)-1], "mcm-temporal: ")
}

type certificates struct{ ca, cert, key string }

// certificateYears is the validity of the certificates, which are created at each start of the manager.
const certificateYears = 10

// newCertificates creates a CA and one certificate for both ends of mutual TLS.
func newCertificates() (certificates, *tls.Config, error) {
	authority, err := pki.NewAuthority("mcm", certificateYears)
	if err != nil {
		return certificates{}, nil, err
	}
	certificate, key, err := authority.Issue(pki.Subject{CommonName: "mcm", DNSNames: []string{"localhost"}, Addresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
	if err != nil {
		return certificates{}, nil, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return certificates{}, nil, fmt.Errorf("certificate: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority.PEM)
	return certificates{string(authority.PEM), string(certificate), string(key)},
		&tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS13}, nil
}
