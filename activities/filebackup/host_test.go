package filebackup_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// host is an SSH server that runs commands on this machine like the one of an instance. Files of the scripts in /run and /var
// are in a directory of the test.
type host struct {
	t     testing.TB
	dir   string
	key   ssh.Signer
	lets  ssh.PublicKey
	mu    sync.Mutex
	conns []net.Conn
	path  string // PATH of programs
	ran   []string

	handle func(net.Conn)
	calls  sync.WaitGroup // calls in progress
}

func privateKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return key
}

func signer(t testing.TB) ssh.Signer {
	t.Helper()
	return signerOf(t, privateKey(t))
}

func signerOf(t testing.TB, key ed25519.PrivateKey) ssh.Signer {
	t.Helper()
	s, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	return s
}

func newHost(t testing.TB, lets ssh.PublicKey) *host {
	t.Helper()
	h := &host{t: t, dir: t.TempDir(), key: signer(t), lets: lets}
	for _, d := range []string{"run", "var/tmp", "var/cache", "bin"} {
		require.NoError(t, os.MkdirAll(filepath.Join(h.dir, d), 0o700))
	}
	h.handle = h.serve
	h.path = filepath.Join(h.dir, "bin") + ":" + os.Getenv("PATH")
	h.program("sudo", "#!/bin/sh\nshift\nexec \"$@\"\n")
	return h
}

// program adds a program that takes precedence over those of the machine.
func (h *host) program(name, text string) {
	require.NoError(h.t, os.WriteFile(filepath.Join(h.dir, "bin", name), []byte(text), 0o700))
}

// here replaces paths in a script or command by the directories of the host.
func (h *host) here(text string) string {
	return strings.NewReplacer("/run/mcm-", h.dir+"/run/mcm-", "/var/tmp/mcm-", h.dir+"/var/tmp/mcm-", "/var/cache/mcm-", h.dir+"/var/cache/mcm-").Replace(text)
}

func (h *host) hostKey() string { return string(ssh.MarshalAuthorizedKey(h.key.PublicKey())) }

func (h *host) dial(context.Context, string, string) (net.Conn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h.calls.Go(func() {
		conn, err := l.Accept()
		_ = l.Close()
		if err == nil {
			h.mu.Lock()
			h.conns = append(h.conns, conn)
			h.mu.Unlock()
			h.handle(conn)
		}
	})
	return net.Dial("tcp", l.Addr().String())
}

// cut breaks every connection, as a crash of the manager's machine does.
func (h *host) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		_ = c.Close()
	}
	h.conns = nil
}

func (h *host) serve(conn net.Conn) {
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(h.lets.Marshal()) {
			return nil, fmt.Errorf("not this key")
		}
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(h.key)
	c, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go h.forwards(c, requests)
	for n := range channels {
		channel, requests, err := n.Accept()
		if err != nil {
			return
		}
		go h.session(channel, requests)
	}
}

// forwards opens remote port forwardings.
func (h *host) forwards(c *ssh.ServerConn, requests <-chan *ssh.Request) {
	for r := range requests {
		if r.Type != "tcpip-forward" {
			_ = r.Reply(r.Type == "keepalive@openssh.com", nil)
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			_ = r.Reply(false, nil)
			continue
		}
		port := uint32(l.Addr().(*net.TCPAddr).Port)
		_ = r.Reply(true, ssh.Marshal(struct{ Port uint32 }{port}))
		go func() { _ = c.Wait(); _ = l.Close() }()
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go back(c, conn, port)
			}
		}()
	}
}

func back(c *ssh.ServerConn, conn net.Conn, port uint32) {
	defer func() { _ = conn.Close() }()
	channel, requests, err := c.OpenChannel("forwarded-tcpip", ssh.Marshal(struct {
		Host       string
		Port       uint32
		Origin     string
		OriginPort uint32
	}{"127.0.0.1", port, "127.0.0.1", 40000}))
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(channel, conn); _ = channel.CloseWrite() }()
	_, _ = io.Copy(conn, channel)
	_ = channel.Close()
}

func (h *host) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	for r := range requests {
		var command struct{ Line string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &command) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		go h.exec(channel, command.Line)
	}
}

func (h *host) exec(channel ssh.Channel, line string) {
	h.mu.Lock()
	h.ran = append(h.ran, line)
	h.mu.Unlock()
	cmd := exec.Command("sh", "-c", h.here(line))
	cmd.Env = []string{"PATH=" + h.path, "HOME=" + h.dir}
	cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
	in, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		_ = channel.Close()
		return
	}
	go func() { _, _ = io.Copy(in, channel); _ = in.Close() }()
	code := 0
	if err := cmd.Wait(); err != nil {
		code = 255
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Exited() {
			code = status.ExitStatus()
		}
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
	_ = channel.Close()
}
