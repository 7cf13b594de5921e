// Package temporaltest runs the embedded Temporal server for tests.
package temporaltest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"mycloudmanager/internal/operation/temporal"
	"mycloudmanager/internal/platform/encryption"
	"mycloudmanager/internal/platform/supervisor"
)

// Namespace is the namespace of the tests.
const Namespace = "mcm"

// Server is a running Temporal server.
type Server struct {
	Client client.Client
	Ring   *encryption.Keyring // keys of the payload encryption of Client
}

// Start starts a server with a new data folder, and stops it at the end of the test.
func Start(t testing.TB) *Server {
	t.Helper()
	dir := t.TempDir()
	ring, err := encryption.OpenKeyring(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := supervisor.StartTemporal(ctx, supervisor.TemporalOptions{Executable: Executable(t), DataDir: dir, Namespace: Namespace, PublicPath: "/temporal"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	c, err := temporal.Connect(ctx, temporal.Config{Address: server.Frontend, TLS: server.TLS, Namespace: Namespace, Retention: 24 * time.Hour}, ring, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &Server{Client: c, Ring: ring}
}

// Executable returns the path of the mcm-temporal that `make build` has built.
func Executable(t testing.TB) string {
	t.Helper()
	return built(t, "mcm-temporal")
}

// Product returns the path of the mcm that `make build` has built.
func Product(t testing.TB) string {
	t.Helper()
	return built(t, "mcm")
}

func built(t testing.TB, name string) string {
	t.Helper()
	file := filepath.Join(Root(t), "bin", name)
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("%v: run `make build` first", err)
	}
	return file
}

// Root returns the root folder of the module.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod in the parent folders of the test")
	return ""
}
