package ssh

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/internal/fault"
)

const (
	bastionUser = "mcm"
	sshTimeout  = 20 * time.Second
)

// bastion is one shared SSH connection to the stack's first master.
type bastion struct {
	address string
	print   string // pinned SHA-256 fingerprint of the host key
	signer  ssh.Signer
	dialer  func(ctx context.Context, network, address string) (net.Conn, error)

	mu     sync.Mutex
	client *ssh.Client
}

func (b *bastion) connect(ctx context.Context) (*ssh.Client, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.client != nil {
		return b.client, nil
	}
	ctx, cancel := context.WithTimeout(ctx, sshTimeout)
	defer cancel()
	address := net.JoinHostPort(b.address, "22")
	conn, err := b.dialer(ctx, "tcp", address)
	if err != nil {
		return nil, fault.New(fault.Unavailable, err, "the bastion %s does not answer on port 22", b.address)
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	c, channels, requests, err := ssh.NewClientConn(conn, address, &ssh.ClientConfig{
		User: bastionUser, Auth: []ssh.AuthMethod{ssh.PublicKeys(b.signer)}, HostKeyCallback: b.pinned,
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
	})
	if err != nil {
		_ = conn.Close()
		return nil, refused(b.address, err)
	}
	_ = conn.SetDeadline(time.Time{})
	client := ssh.NewClient(c, channels, requests)
	b.client = client
	go func() { // forget a connection that broke
		_ = client.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.client == client {
			b.client = nil
		}
	}()
	return client, nil
}

// refused keeps a wrong host key from being retried: somebody is in between.
func refused(address string, err error) error {
	if strings.Contains(err.Error(), errHostKey) {
		return fault.New(fault.Forbidden, err, "the bastion %s shows another host key than the stack was made with: not connecting", address)
	}
	return fault.New(fault.Unavailable, err, "the bastion %s does not let the manager in yet: %v", address, err)
}

const errHostKey = "host key is not the pinned one"

func (b *bastion) pinned(_ string, _ net.Addr, key ssh.PublicKey) error {
	if b.print == "" || strings.TrimPrefix(ssh.FingerprintSHA256(key), "SHA256:") != b.print {
		return fmt.Errorf("%s", errHostKey)
	}
	return nil
}

// run runs one fixed command and returns what it writes.
func (b *bastion) run(ctx context.Context, command string) ([]byte, error) {
	client, err := b.connect(ctx)
	if err != nil {
		return nil, err
	}
	session, err := client.NewSession()
	if err != nil {
		b.close()
		return nil, fault.New(fault.Unavailable, err, "the bastion %s: %v", b.address, err)
	}
	defer session.Close() //nolint:errcheck // it is closed by the end of the command too
	var out, complaints bytes.Buffer
	session.Stdout, session.Stderr = &out, &complaints
	stop := context.AfterFunc(ctx, func() { _ = session.Close() })
	defer stop()
	if err := session.Run(command); err != nil {
		return nil, fault.New(fault.Unavailable, err, "the bastion %s: %s", b.address, strings.TrimSpace(complaints.String()))
	}
	return out.Bytes(), nil
}

// dial opens a connection from the bastion to address.
func (b *bastion) dial(ctx context.Context, address string) (net.Conn, error) {
	client, err := b.connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := client.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fault.New(fault.Unavailable, err, "%s does not answer behind the bastion", address)
	}
	return conn, nil
}

func (b *bastion) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.client != nil {
		_ = b.client.Close()
		b.client = nil
	}
}

// HTTPConnectDialer dials by HTTP CONNECT through the proxy at host:port: the way out of a guarded network,
// and into the sandbox's, whose addresses no machine has.
func HTTPConnectDialer(proxy string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, proxy)
		if err != nil {
			return nil, err
		}
		if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", address, address); err != nil {
			_ = conn.Close()
			return nil, err
		}
		in := bufio.NewReader(conn)
		answer, err := http.ReadResponse(in, &http.Request{Method: http.MethodConnect})
		if err != nil {
			_ = conn.Close()
			return nil, err
		}
		_ = answer.Body.Close() // an answer to CONNECT has none
		if answer.StatusCode != http.StatusOK {
			_ = conn.Close()
			return nil, fmt.Errorf("proxy: %s", answer.Status)
		}
		return &buffered{conn, in}, nil
	}
}

// buffered keeps what was read ahead with the proxy's answer.
type buffered struct {
	net.Conn
	in *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.in.Read(p) }
