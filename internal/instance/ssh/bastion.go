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
	address     string
	fingerprint string // pinned SHA-256 fingerprint of the host key, base64 without the prefix SHA256:
	signer      ssh.Signer
	dialer      func(ctx context.Context, network, address string) (net.Conn, error)

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
		return nil, fault.New(fault.Unavailable, err, "the bastion %s does not respond on port 22", b.address)
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	c, channels, requests, err := ssh.NewClientConn(conn, address, &ssh.ClientConfig{
		User: bastionUser, Auth: []ssh.AuthMethod{ssh.PublicKeys(b.signer)}, HostKeyCallback: b.checkHostKey,
		HostKeyAlgorithms: []string{ssh.KeyAlgoED25519},
	})
	if err != nil {
		_ = conn.Close()
		return nil, handshakeError(b.address, err)
	}
	_ = conn.SetDeadline(time.Time{})
	client := ssh.NewClient(c, channels, requests)
	b.client = client
	go func() { // drop the connection when it ends
		_ = client.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.client == client {
			b.client = nil
		}
	}()
	return client, nil
}

// handshakeError classifies a failed SSH handshake. A wrong host key may be a man-in-the-middle attack and is not retried.
func handshakeError(address string, err error) error {
	if strings.Contains(err.Error(), errHostKey) {
		return fault.New(fault.Forbidden, err, "the bastion %s shows another host key than the stack was made with: not connecting", address)
	}
	return fault.New(fault.Unavailable, err, "the SSH connection to the bastion %s failed: %v", address, err)
}

const errHostKey = "host key is not the pinned one"

// checkHostKey implements ssh.HostKeyCallback.
func (b *bastion) checkHostKey(_ string, _ net.Addr, key ssh.PublicKey) error {
	if b.fingerprint == "" || strings.TrimPrefix(ssh.FingerprintSHA256(key), "SHA256:") != b.fingerprint {
		return fmt.Errorf("%s", errHostKey)
	}
	return nil
}

// run runs a command and returns its standard output. If the command fails, the error is Unavailable with the standard error. The
// command must not contain external input.
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
	defer session.Close() //nolint:errcheck // the session is already closed when the command has ended
	var stdout, stderr bytes.Buffer
	session.Stdout, session.Stderr = &stdout, &stderr
	stop := context.AfterFunc(ctx, func() { _ = session.Close() })
	defer stop()
	if err := session.Run(command); err != nil {
		return nil, fault.New(fault.Unavailable, err, "the bastion %s: %s", b.address, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// dial opens a TCP connection to address through the bastion.
func (b *bastion) dial(ctx context.Context, address string) (net.Conn, error) {
	client, err := b.connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := client.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fault.New(fault.Unavailable, err, "%s does not respond behind the bastion", address)
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

// HTTPConnectDialer returns a dial function that uses HTTP CONNECT on the proxy at host:port. Use it to leave a restricted network,
// or to reach the simulated addresses of the sandbox.
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
		reader := bufio.NewReader(conn)
		response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
		if err != nil {
			_ = conn.Close()
			return nil, err
		}
		_ = response.Body.Close() // a successful response to CONNECT has no body
		if response.StatusCode != http.StatusOK {
			_ = conn.Close()
			return nil, fmt.Errorf("proxy: %s", response.Status)
		}
		return &bufferedConn{conn, reader}, nil
	}
}

// bufferedConn is a connection whose first bytes may be in the buffer that the proxy's response was read with.
type bufferedConn struct {
	net.Conn
	reader *bufio.Reader
}

// Read implements net.Conn.
func (b *bufferedConn) Read(p []byte) (int, error) { return b.reader.Read(p) }
