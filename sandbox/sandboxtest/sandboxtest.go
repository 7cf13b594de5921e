// Package sandboxtest runs the simulated cloud inside tests.
package sandboxtest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"mycloudmanager/sandbox"
)

// Speed is the speed of the cloud in tests: a server boots in 20 ms.
const Speed = 200

// Cloud is a running simulated cloud.
type Cloud struct {
	URL     string // of the port, without a path
	AuthURL string // of the identity service
	Dir     string // state directory
	Sandbox *sandbox.Sandbox
	Kill    func() // ends the cloud as a signal would; it can be restarted in the same directory
}

// Start runs a new cloud until the test ends.
func Start(t testing.TB) *Cloud { return StartIn(t, t.TempDir()) }

// StartIn runs the cloud in dir until the test ends.
func StartIn(t testing.TB, dir string) *Cloud { return StartBehind(t, dir, nil) }

// StartBehind is StartIn with a handler that wraps every request to the cloud and its cluster.
func StartBehind(t testing.TB, dir string, wrap func(http.Handler) http.Handler) *Cloud {
	t.Helper()
	return start(t, dir, Speed, wrap)
}

// StartAt is Start at another speed, for tests with deadlines on a busy machine.
func StartAt(t testing.TB, speed float64) *Cloud {
	t.Helper()
	return start(t, t.TempDir(), speed, nil)
}

func start(t testing.TB, dir string, speed float64, wrap func(http.Handler) http.Handler) *Cloud {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{DataDir: dir, Speed: speed, TokenTTL: time.Hour, Wrap: wrap,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatalf("start the sandbox: %v", err)
	}
	return Serve(t, s, dir)
}

// Serve runs a cloud that the test has opened itself.
func Serve(t testing.TB, s *sandbox.Sandbox, dir string) *Cloud {
	t.Helper()
	server := httptest.NewServer(s)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Live(ctx) }()
	kill := sync.OnceFunc(func() {
		cancel()
		<-ended
		server.CloseClientConnections()
		server.Close()
		if err := s.Close(); err != nil {
			t.Errorf("close the sandbox: %v", err)
		}
	})
	t.Cleanup(kill)
	return &Cloud{URL: server.URL, AuthURL: server.URL + "/identity/v3", Dir: dir, Sandbox: s, Kill: kill}
}
