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

// Dialer knows the way to enrolled instances: through the stack's bastion where there is one and
// the manager is outside, else straight. Every host key is pinned.
type Dialer struct {
	Kubeconfig *KubeconfigProvider
	// Key is the manager's private key in OpenSSH's form, for programs that sign in by themselves.
	Key []byte
}

// User is whom the manager signs in as on an instance.
const User = bastionUser

// Host is an instance to sign in to.
type Host struct {
	Address string
	HostKey string // pinned, as authorized_keys has it
}

// ErrHostKey is the reason when an instance shows another host key than the pinned one.
const ErrHostKey = errHostKey

// Dial opens a connection to an address in the project.
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

// Run runs one fixed command on the host with input, and returns what it writes. A host that does
// not let the manager in is a Forbidden, one that does not answer Unavailable; a command that fails
// is Invalid with its complaint.
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
	var out, complaints bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(input), &out, &complaints
	err = session.Run(command)
	if _, ok := errors.AsType[*ssh.ExitError](err); ok {
		return out.String(), fault.New(fault.Invalid, err, "%s: %s", h.Address, strings.TrimSpace(complaints.String()))
	}
	if err != nil {
		return out.String(), fault.New(fault.Unavailable, err, "%s: the connection broke", h.Address)
	}
	return out.String(), nil
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
	// A connection through the bastion has no deadlines of its own: it is closed instead.
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

// classifyHandshakeError tells apart who must not be trusted, who does not know us, and who is not there.
func classifyHandshakeError(address string, err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, errHostKey), strings.Contains(text, "no common algorithm for host key"):
		return fault.New(fault.Invalid, err, "%s: host key is not the pinned one: not connecting; enroll the instance again if it was rebuilt", address)
	case strings.Contains(text, "unable to authenticate"):
		return fault.New(fault.Forbidden, err, "%s does not let the manager in: its key is not authorized there", address)
	}
	return fault.New(fault.Unavailable, err, "%s does not answer as an SSH server yet", address)
}
