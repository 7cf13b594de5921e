package ssh

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

// ProxySocket is a Unix socket over which programs that make their own SSH connections, such as Ansible, use the connections of the
// manager. A client sends the address as one line; the socket then forwards the bytes to and from this address. Only the owner
// can open the socket. The key for the bastion and the connection to it remain in this process.
type ProxySocket struct {
	Path     string // path of the socket
	listener net.Listener
	dir      string
	cancel   context.CancelFunc

	mu         sync.Mutex
	lastErrors map[string]i18n.Message // by address
}

// LastError returns the message of the last failed connection to the address, or "" if none failed. OpenSSH discards the standard
// error of a ProxyCommand when connections are shared.
func (r *ProxySocket) LastError(address string) i18n.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastErrors[address]
}

// OpenProxySocket opens a proxy socket in a new temporary directory. The caller must call Close.
func (i *Dialer) OpenProxySocket(ctx context.Context) (*ProxySocket, error) {
	dir, err := os.MkdirTemp("", "mcm-relay-") // mode 0700
	if err != nil {
		return nil, err
	}
	r := &ProxySocket{Path: filepath.Join(dir, "s"), dir: dir, lastErrors: map[string]i18n.Message{}}
	if r.listener, err = (&net.ListenConfig{}).Listen(ctx, "unix", r.Path); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, r.cancel = context.WithCancel(ctx)
	go func() {
		for {
			conn, err := r.listener.Accept()
			if err != nil {
				return
			}
			go i.serveProxy(ctx, r, conn)
		}
	}()
	return r, nil
}

// Close closes the socket and all connections through it, and deletes the socket.
func (r *ProxySocket) Close() error {
	r.cancel()
	return errors.Join(r.listener.Close(), os.RemoveAll(r.dir))
}

// serveProxy serves one client: it reads the line with the address, connects, and forwards the bytes.
func (i *Dialer) serveProxy(ctx context.Context, r *ProxySocket, client net.Conn) {
	defer client.Close() //nolint:errcheck // the client detects the end of the connection
	reader := bufio.NewReader(client)
	line, err := reader.ReadString('\n')
	if err != nil {
		return
	}
	address := strings.TrimSpace(line)
	server, err := i.dialWithRetry(ctx, address)
	if err != nil {
		r.mu.Lock()
		r.lastErrors[address] = fault.MessageOf(err)
		r.mu.Unlock()
		return // OpenSSH reports a closed connection
	}
	defer server.Close() //nolint:errcheck // nothing is buffered
	stop := context.AfterFunc(ctx, func() { _, _ = client.Close(), server.Close() })
	defer stop()
	go func() {
		_, _ = io.Copy(server, reader)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
}

// A connection is tried dialTries times, with a pause that starts at dialPause and grows by dialPause after each try, because
// Ansible excludes a host from the rest of the run once it is unreachable.
const (
	dialTries = 3
	dialPause = 500 * time.Millisecond
)

func (i *Dialer) dialWithRetry(ctx context.Context, address string) (net.Conn, error) {
	for try := 1; ; try++ {
		conn, err := i.Dial(ctx, address)
		if err == nil || try == dialTries || !fault.KindOf(err).Retryable() {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(time.Duration(try) * dialPause):
		}
	}
}

// ServeProxyCommand implements the ProxyCommand of OpenSSH. It connects in and out to the address through the proxy socket at path,
// and returns when the connection ends.
func ServeProxyCommand(ctx context.Context, path, address string, in io.Reader, out io.Writer) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is buffered
	if _, err := io.WriteString(conn, address+"\n"); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(conn, in)
		_ = conn.Close()
	}()
	_, err = io.Copy(out, conn)
	return err
}
