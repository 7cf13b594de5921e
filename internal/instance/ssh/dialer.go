package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/internal/fault"
)

// Dialer connects to enrolled instances. It connects through the bastion of the stack if there is a stack and no kubeconfig is
// configured, and directly otherwise. All host keys are pinned.
type Dialer struct {
	Kubeconfig *KubeconfigProvider
	// Key is the manager's private key in OpenSSH format, for programs that make their own SSH connections.
	Key []byte
}

// User is the name of the manager's account on instances.
const User = bastionUser

// Host is an instance as an SSH host.
type Host struct {
	Address string
	HostKey string // pinned host key in authorized_keys format
}

// Dial opens a TCP connection to an address in the project. The error is an Unavailable fault if the address does not respond.
func (i *Dialer) Dial(ctx context.Context, address string) (net.Conn, error) {
	if i.Kubeconfig.Kubeconfig == "" {
		b, _, err := i.Kubeconfig.find(ctx)
		switch {
		case err == nil:
			conn, err := b.dial(ctx, address)
			if fault.KindOf(err) == fault.Unavailable {
				err = fault.New(fault.Unavailable, err, "%s: connect the instance to the stack if it is not", fault.MessageOf(err))
			}
			return conn, err
		case fault.KindOf(err) != fault.NotFound:
			return nil, err
		}
	}
	conn, err := i.Kubeconfig.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, fault.New(fault.Unavailable, err, "%s does not respond", address)
	}
	return conn, nil
}

// Run runs a command on the host with input as standard input, and returns its standard output. The error is a fault: Forbidden if
// the host refuses the manager's key, Unavailable if the host does not respond or the connection breaks, and Invalid with the
// standard error if the command fails. The command must not contain external input.
func (i *Dialer) Run(ctx context.Context, h Host, command, input string) (string, error) {
	client, err := i.connect(ctx, h)
	if err != nil {
		return "", err
	}
	defer client.Close() //nolint:errcheck // the command has ended
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	session, err := client.NewSession()
	if err != nil {
		return "", fault.New(fault.Unavailable, err, "%s: %v", h.Address, err)
	}
	var stdout, stderr bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(input), &stdout, &stderr
	err = session.Run(command)
	if _, ok := errors.AsType[*ssh.ExitError](err); ok {
		return stdout.String(), fault.New(fault.Invalid, err, "%s: %s", h.Address, strings.TrimSpace(stderr.String()))
	}
	if err != nil {
		return stdout.String(), fault.New(fault.Unavailable, err, "%s: the connection broke", h.Address)
	}
	return stdout.String(), nil
}

func (i *Dialer) connect(ctx context.Context, h Host) (*ssh.Client, error) {
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(h.HostKey))
	if err != nil {
		return nil, fault.New(fault.Invalid, err, "the host key of %s cannot be read", h.Address)
	}
	ctx, cancel := context.WithTimeout(ctx, sshTimeout)
	defer cancel()
	address := net.JoinHostPort(h.Address, "22")
	conn, err := i.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	// A connection through the bastion does not support deadlines. Close it when the context ends instead.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c, channels, requests, err := ssh.NewClientConn(conn, address, &ssh.ClientConfig{
		User: User, Auth: []ssh.AuthMethod{ssh.PublicKeys(i.Kubeconfig.Signer)}, HostKeyAlgorithms: []string{pinned.Type()},
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if !bytes.Equal(key.Marshal(), pinned.Marshal()) {
				return fmt.Errorf("%s", errHostKey)
			}
			return nil
		},
		Timeout: sshTimeout,
	})
	if err != nil {
		_ = conn.Close()
		return nil, classifyHandshakeError(h.Address, err)
	}
	return ssh.NewClient(c, channels, requests), nil
}

// classifyHandshakeError converts an error of the SSH handshake to a fault: Invalid for a wrong host key, Forbidden if the host
// refuses the manager's key, and Unavailable otherwise.
func classifyHandshakeError(address string, err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, errHostKey), strings.Contains(text, "no common algorithm for host key"):
		return fault.New(fault.Invalid, err,
			"%s: host key is not the pinned one: not connecting; enroll the instance again if it was rebuilt", address)
	case strings.Contains(text, "unable to authenticate"):
		return fault.New(fault.Forbidden, err, "%s refuses the manager's SSH key: it is not in authorized_keys", address)
	}
	return fault.New(fault.Unavailable, err, "%s does not respond as an SSH server yet", address)
}
