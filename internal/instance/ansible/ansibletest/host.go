// Package ansibletest provides an SSH host for tests that run the real ansible-playbook without a separate machine.
package ansibletest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"mycloudmanager/internal/instance/ansible"
)

// Host is an SSH server on the loopback interface that runs commands in a local shell. It supports the real ssh and the real
// ansible-playbook.
type Host struct {
	Port        int
	Key         string                      // host key in authorized_keys format
	Connections atomic.Int64                // number of open connections
	Closed      atomic.Bool                 // refuse all keys
	Responses   func(command string) uint32 // if set, returns the exit status instead of running the command
}

// NewKey generates an ed25519 key pair and returns the signer and the private key in OpenSSH format.
func NewKey(t testing.TB) (ssh.Signer, []byte) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(key, "")
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	return signer, pem.EncodeToMemory(block)
}

// Start starts a host that accepts the user mcm with the given key. The host stops at the end of the test.
func Start(t testing.TB, allowed ssh.PublicKey) *Host {
	t.Helper()
	signer, _ := NewKey(t)
	h := &Host{}
	config := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !h.Closed.Load() && c.User() == "mcm" && string(key.Marshal()) == string(allowed.Marshal()) {
			return nil, nil
		}
		return nil, errors.New("not allowed")
	}}
	config.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	h.Port, h.Key = l.Addr().(*net.TCPAddr).Port, string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go h.serve(c, config)
		}
	}()
	return h
}

func (h *Host) serve(c net.Conn, config *ssh.ServerConfig) {
	conn, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	defer conn.Close() //nolint:errcheck // the client detects the end of the connection
	h.Connections.Add(1)
	defer h.Connections.Add(-1)
	go ssh.DiscardRequests(requests)
	for n := range channels {
		switch n.ChannelType() {
		case "session":
			if ch, reqs, err := n.Accept(); err == nil {
				go h.session(ch, reqs)
			}
		case "direct-tcpip": // forwarding through a bastion
			var to struct {
				Host string
				Port uint32
				From string
				Orig uint32
			}
			_ = ssh.Unmarshal(n.ExtraData(), &to)
			go forward(n, net.TCPAddr{IP: net.ParseIP(to.Host), Port: int(to.Port)})
		default:
			_ = n.Reject(ssh.UnknownChannelType, "")
		}
	}
}

func forward(n ssh.NewChannel, to net.TCPAddr) {
	out, err := net.Dial("tcp", to.String())
	if err != nil {
		_ = n.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	ch, reqs, err := n.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(reqs)
	go func() { _, _ = io.Copy(ch, out); _ = ch.CloseWrite() }()
	_, _ = io.Copy(out, ch)
	_ = out.Close()
}

func (h *Host) session(ch ssh.Channel, reqs <-chan *ssh.Request) {
	for req := range reqs {
		if req.Type != "exec" {
			_ = req.Reply(req.Type == "env", nil)
			continue
		}
		_ = req.Reply(true, nil)
		var line struct{ Command string }
		_ = ssh.Unmarshal(req.Payload, &line)
		go h.exec(ch, line.Command)
	}
}

func (h *Host) exec(ch ssh.Channel, command string) {
	var code uint32
	ran := true
	if h.Responses != nil {
		code = h.Responses(command)
	} else {
		code, ran = runHere(ch, command)
	}
	if ran {
		_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{code}))
	}
	_ = ch.Close()
}

func runHere(ch ssh.Channel, command string) (code uint32, ran bool) {
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C.UTF-8"}
	cmd.Stdout, cmd.Stderr = ch, ch.Stderr()
	in, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return 0, false
	}
	go func() { _, _ = io.Copy(in, ch); _ = in.Close() }()
	_ = cmd.Wait()
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 255, true
	}
	return uint32(cmd.ProcessState.ExitCode()), true
}

// Named returns the host under the given name for a play.
func (h *Host) Named(name string) ansible.Host {
	return ansible.Host{Name: name, Address: "127.0.0.1", Port: h.Port, User: "mcm", HostKeys: []string{h.Key}}
}
