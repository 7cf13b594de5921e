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

// host is an SSH server of one host key that lets one key in and answers every command alike.
type host struct {
	key      ssh.Signer
	lets     ssh.PublicKey
	status   uint32
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

// dial is how a bastion gets to this host.
func (h *host) dial(context.Context, string, string) (net.Conn, error) {
	h.dials.Add(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		conn, err := listener.Accept()
		_ = listener.Close() // one connection is all it takes
		if err == nil {
			h.serve(conn)
		}
	}()
	return net.Dial("tcp", listener.Addr().String())
}

func (h *host) serve(conn net.Conn) {
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(h.lets.Marshal()) {
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
			_, _ = channel.Write([]byte("said"))
			_, _ = channel.Stderr().Write([]byte("sudo: a password is required\n"))
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{h.status}))
			_ = channel.Close()
		}
	}
}

func newBastion(t *testing.T) (*bastion, *host) {
	t.Helper()
	me := newKeyPair(t)
	h := &host{key: newKeyPair(t), lets: me.PublicKey()}
	b := &bastion{address: "203.0.113.5", print: h.fingerprint(), signer: me, dialer: h.dial}
	t.Cleanup(b.close)
	return b, h
}

func TestOneConnectionServesEveryCommand(t *testing.T) {
	b, h := newBastion(t)
	for range 5 {
		out, err := b.run(t.Context(), "sudo cat file")
		require.NoError(t, err)
		require.Equal(t, "said", string(out))
	}
	require.EqualValues(t, 1, h.dials.Load())
	require.EqualValues(t, 5, h.sessions.Load())
	b.close()
	_, err := b.run(t.Context(), "sudo cat file")
	require.NoError(t, err, "it connects again")
	require.EqualValues(t, 2, h.dials.Load())
}

// Another host key means that somebody is in between: refused, and not tried again.
func TestAnotherHostKeyIsRefusedForGood(t *testing.T) {
	for name, print := range map[string]string{"another": strings.Repeat("A", 43), "none was pinned": ""} {
		b, h := newBastion(t)
		b.print = print
		_, err := b.run(t.Context(), "sudo cat file")
		require.Equal(t, fault.Forbidden, fault.KindOf(err), "%s: %v", name, err)
		require.False(t, fault.KindOf(err).Retryable() || fault.KindOf(err).Blocks(), name)
		require.ErrorContains(t, err, "another host key")
		require.Zero(t, h.sessions.Load(), "nothing was asked of it")
		_, err = b.dial(t.Context(), kubeAPI)
		require.Equal(t, fault.Forbidden, fault.KindOf(err), name)
	}
}

// A server that does not know our key yet is still being set up.
func TestAHostThatDoesNotKnowUsYetIsWaitedFor(t *testing.T) {
	b, h := newBastion(t)
	h.lets = newKeyPair(t).PublicKey()
	_, err := b.run(t.Context(), "true")
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "203.0.113.5")
	b.dialer = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("connection refused") }
	_, err = b.run(t.Context(), "true")
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
}

func TestAFailedCommandSaysWhatTheHostSaid(t *testing.T) {
	b, h := newBastion(t)
	h.status = 1
	_, err := b.run(t.Context(), "sudo cat file")
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Equal(t, "the bastion 203.0.113.5: sudo: a password is required", fault.MessageOf(err))
}

func TestTheIdentityIsMadeOnceAndKeptPrivate(t *testing.T) {
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
	require.Error(t, err, "a damaged key is never replaced in silence")
}

func TestAGivenKubeconfigIsUsedAsItIs(t *testing.T) {
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
