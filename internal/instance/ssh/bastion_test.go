package ssh

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"mycloudmanager/internal/fault"
)

// host is an SSH server that accepts one public key and sends the same response to every command.
type host struct {
	key      ssh.Signer
	accepts  ssh.PublicKey
	status   uint32 // exit status of commands
	dials    atomic.Int32
	sessions atomic.Int32
}

func newKeyPair(t *testing.T) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	return signer
}

func (h *host) fingerprint() string {
	return strings.TrimPrefix(ssh.FingerprintSHA256(h.key.PublicKey()), "SHA256:")
}

// dial implements bastion.dialer.
func (h *host) dial(context.Context, string, string) (net.Conn, error) {
	h.dials.Add(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		conn, err := listener.Accept()
		_ = listener.Close() // the server accepts one connection
		if err == nil {
			h.serve(conn)
		}
	}()
	return net.Dial("tcp", listener.Addr().String())
}

func (h *host) serve(conn net.Conn) {
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(h.accepts.Marshal()) {
			return nil, errors.New("not this key")
		}
		return nil, nil
	}}
	config.AddHostKey(h.key)
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		_ = conn.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go h.session(channel, requests)
	}
}

func (h *host) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	for r := range requests {
		_ = r.Reply(r.Type == "exec", nil)
		if r.Type == "exec" {
			h.sessions.Add(1)
			_, _ = channel.Write([]byte("output"))
			_, _ = channel.Stderr().Write([]byte("sudo: a password is required\n"))
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{h.status}))
			_ = channel.Close()
		}
	}
}

func newBastion(t *testing.T) (*bastion, *host) {
	t.Helper()
	signer := newKeyPair(t)
	h := &host{key: newKeyPair(t), accepts: signer.PublicKey()}
	b := &bastion{address: "203.0.113.5", fingerprint: h.fingerprint(), signer: signer, dialer: h.dial}
	t.Cleanup(b.close)
	return b, h
}

func TestBastion_run_sharesConnection(t *testing.T) {
	b, h := newBastion(t)
	for range 5 {
		out, err := b.run(t.Context(), "sudo cat file")
		require.NoError(t, err)
		require.Equal(t, "output", string(out))
	}
	require.EqualValues(t, 1, h.dials.Load())
	require.EqualValues(t, 5, h.sessions.Load())
	b.close()
	_, err := b.run(t.Context(), "sudo cat file")
	require.NoError(t, err, "run must reconnect after close")
	require.EqualValues(t, 2, h.dials.Load())
}

// A wrong host key may be a man-in-the-middle attack. The error must not be retryable.
func TestBastion_run_refusesOtherHostKey(t *testing.T) {
	for name, fingerprint := range map[string]string{"other key": strings.Repeat("A", 43), "no pinned key": ""} {
		b, h := newBastion(t)
		b.fingerprint = fingerprint
		_, err := b.run(t.Context(), "sudo cat file")
		require.Equal(t, fault.Forbidden, fault.KindOf(err), "%s: %v", name, err)
		require.False(t, fault.KindOf(err).Retryable() || fault.KindOf(err).Blocks(), name)
		require.ErrorContains(t, err, "another host key")
		require.Zero(t, h.sessions.Load(), "no command may run")
		_, err = b.dial(t.Context(), kubeAPI)
		require.Equal(t, fault.Forbidden, fault.KindOf(err), name)
	}
}

// A server that does not accept the manager's key yet is still being set up. The error must be retryable.
func TestBastion_run_serverNotReady(t *testing.T) {
	b, h := newBastion(t)
	h.accepts = newKeyPair(t).PublicKey()
	_, err := b.run(t.Context(), "true")
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "203.0.113.5")
	b.dialer = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("connection refused") }
	_, err = b.run(t.Context(), "true")
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
}

func TestBastion_run_returnsStderrOfFailedCommand(t *testing.T) {
	b, h := newBastion(t)
	h.status = 1
	_, err := b.run(t.Context(), "sudo cat file")
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Equal(t, "the bastion 203.0.113.5: sudo: a password is required", fault.MessageOf(err).String())
}

func TestLoadKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ssh_identity")
	one, err := LoadKey(file)
	require.NoError(t, err)
	two, err := LoadKey(file)
	require.NoError(t, err)
	require.Equal(t, AuthorizedKey(one), AuthorizedKey(two))
	require.Regexp(t, `^ssh-ed25519 \S+ mycloudmanager$`, AuthorizedKey(one))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, os.WriteFile(file, []byte("garbage"), 0o600))
	_, err = LoadKey(file)
	require.Error(t, err, "a damaged key must not be replaced")
}

func TestKubeconfigProvider(t *testing.T) {
	c := &KubeconfigProvider{Kubeconfig: filepath.Join(t.TempDir(), "absent")}
	_, err := c.Config(t.Context())
	require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
	c.CacheDir = t.TempDir()
	file := filepath.Join(c.CacheDir, "kubeconfig-old")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, c.Reset())
	require.NoFileExists(t, file)
	require.Equal(t, filepath.Join(c.CacheDir, "kubeconfig-passwd"), c.cacheFile("../../etc/passwd"))
}
