package ssh

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/internal/fault"
)

// Connection is an SSH connection to an instance. It supports several concurrent commands and remote port forwarding.
type Connection struct {
	client *ssh.Client
	host   Host
	stop   func() bool
}

const (
	keepAliveInterval = 15 * time.Second
	keepAliveTimeout  = 30 * time.Second
)

// Open opens an SSH connection to the host. The connection is closed when ctx ends, when Close is called, or when the host does not
// respond to keepalive requests.
func (i *Dialer) Open(ctx context.Context, h Host) (*Connection, error) {
	client, err := i.connect(ctx, h)
	if err != nil {
		return nil, err
	}
	c := &Connection{client: client, host: h}
	c.stop = context.AfterFunc(ctx, func() { _ = client.Close() })
	go c.keepAlive()
	return c, nil
}

// Close closes the connection. All commands and forwarded ports end with it.
func (c *Connection) Close() error {
	c.stop()
	return c.client.Close()
}

// keepAlive sends keepalive requests and closes the connection if the host does not respond. TCP alone would detect this only after
// hours.
func (c *Connection) keepAlive() {
	ended := make(chan struct{})
	go func() {
		_ = c.client.Wait()
		close(ended)
	}()
	for {
		select {
		case <-ended:
			return
		case <-time.After(keepAliveInterval):
		}
		timeout := time.AfterFunc(keepAliveTimeout, func() { _ = c.client.Close() })
		_, _, _ = c.client.SendRequest("keepalive@openssh.com", true, nil) // a refusal is a response too
		timeout.Stop()
	}
}

// Listen opens a port on the loopback interface of the host and forwards connections to the returned listener. It returns the port
// number. The error is an Invalid fault if the SSH server does not allow port forwarding.
func (c *Connection) Listen() (net.Listener, int, error) {
	l, err := c.client.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, 0, fault.New(fault.Invalid, err, "%s: the SSH server refuses port forwarding: enable AllowTcpForwarding", c.host.Address)
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return nil, 0, fault.New(fault.Internal, nil, "%s: the forwarded port has no number", c.host.Address)
	}
	return l, addr.Port, nil
}

// Stream is a command whose input and output are streamed while the command runs.
type Stream struct {
	Command string
	// Input writes the standard input of the command to stdin. Its context ends when the command ends.
	Input func(ctx context.Context, stdin io.Writer) error
	// Out and Stderr receive the lines of standard output and standard error. They are not called concurrently.
	Out, Stderr func(line string)
}

// maxLine is the maximum length in bytes of a line of output. The remaining output after a longer line is discarded.
const maxLine = 16 << 20

// Stream runs a command and returns its exit code. The error is an Unavailable fault if the connection fails.
func (c *Connection) Stream(ctx context.Context, s Stream) (int, error) {
	session, err := c.client.NewSession()
	if err != nil {
		return 0, c.connectionError(err)
	}
	defer session.Close() //nolint:errcheck // the session or the connection has already ended
	stop := context.AfterFunc(ctx, func() { _ = session.Close() })
	defer stop()
	stdin, err1 := session.StdinPipe()
	stdout, err2 := session.StdoutPipe()
	stderr, err3 := session.StderrPipe()
	if err := errors.Join(err1, err2, err3, session.Start(s.Command)); err != nil {
		return 0, c.connectionError(err)
	}
	inputCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_ = s.Input(inputCtx, stdin) // if the command does not read its input, its exit code shows the failure
		_ = stdin.Close()
	}()
	var mu sync.Mutex // serializes the calls of Out and Stderr
	var readers sync.WaitGroup
	for pipe, handle := range map[io.Reader]func(string){stdout: s.Out, stderr: s.Stderr} {
		readers.Go(func() { eachLine(pipe, func(line string) { mu.Lock(); defer mu.Unlock(); handle(line) }) })
	}
	readers.Wait()
	err = session.Wait()
	if exit, ok := errors.AsType[*ssh.ExitError](err); ok {
		return exit.ExitStatus(), nil
	}
	if err != nil {
		return 0, c.connectionError(err)
	}
	return 0, nil
}

func eachLine(r io.Reader, handle func(string)) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		handle(lines.Text())
	}
	_, _ = io.Copy(io.Discard, r) // after a line that is too long, read on so that the command does not block
}

func (c *Connection) connectionError(err error) error {
	return fault.New(fault.Unavailable, err, "%s: the connection broke", c.host.Address)
}
