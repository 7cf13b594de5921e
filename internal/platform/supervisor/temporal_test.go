package supervisor_test

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	_ "modernc.org/sqlite" // driver "sqlite"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/internal/platform/supervisor"
)

func options(t *testing.T, dir string) supervisor.TemporalOptions {
	t.Helper()
	return supervisor.TemporalOptions{Executable: temporaltest.Executable(t), DataDir: dir, Namespace: "mcm", PublicPath: "/temporal"}
}

func start(t *testing.T, dir string) (*supervisor.Temporal, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return supervisor.StartTemporal(ctx, options(t, dir))
}

// responds reports whether the server at its first address responds.
func responds(t *testing.T, s *supervisor.Temporal) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, client.Options{HostPort: s.Frontend, Namespace: "mcm", ConnectionOptions: client.ConnectionOptions{TLS: s.TLS}})
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// server returns the process ID of the only mcm-temporal child of this test.
func server(t *testing.T) int {
	t.Helper()
	out, _ := exec.Command("pgrep", "-P", strconv.Itoa(os.Getpid()), "mcm-temporal").Output() // no process is an error of pgrep
	fields := strings.Fields(string(out))
	if len(fields) != 1 {
		return 0
	}
	pid, err := strconv.Atoi(fields[0])
	require.NoError(t, err)
	return pid
}

func TestTemporal_RestartsAfterAKill(t *testing.T) {
	s, err := start(t, t.TempDir())
	require.NoError(t, err)
	defer s.Stop()
	frontend, web := s.Frontend, s.Web
	require.True(t, responds(t, s))
	pid := server(t)
	require.NotZero(t, pid)
	process, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.NoError(t, process.Kill())
	require.Eventually(t, func() bool { p := server(t); return p != 0 && p != pid && responds(t, s) }, 30*time.Second, 50*time.Millisecond)
	require.Equal(t, []string{frontend, web}, []string{s.Frontend, s.Web})
	s.Stop()
	require.Eventually(t, func() bool { return server(t) == 0 }, 20*time.Second, 50*time.Millisecond, "it does not come back once it was stopped")
}

// A server that is killed before it listens is restarted: its manager must not end with it.
func TestStartTemporal_KilledDuringItsStart(t *testing.T) {
	o := options(t, t.TempDir())
	script := filepath.Join(t.TempDir(), "mcm-temporal")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\nif mkdir \"$0.started\" 2>/dev/null; then echo busy >&2; kill -9 $$; fi\nexec "+o.Executable+"\n"), 0o700))
	o.Executable = script
	s, err := supervisor.StartTemporal(t.Context(), o)
	require.NoError(t, err)
	defer s.Stop()
	require.True(t, responds(t, s))
}

// A database of another Temporal version is never opened.
func TestStartTemporal_DatabaseOfAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	s, err := start(t, dir)
	require.NoError(t, err)
	s.Stop()
	file := filepath.Join(dir, "temporal.db")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	db, err := sql.Open("sqlite", "file:"+file)
	require.NoError(t, err)
	change := func(statement string) {
		_, err := db.Exec(statement)
		require.NoError(t, err)
	}
	change("UPDATE mcm_meta SET server_minor = '1.27'")
	_, err = start(t, dir)
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "was written by Temporal 1.27")
	require.NotContains(t, err.Error(), "\n", "one clear line")
	change("DROP TABLE mcm_meta")
	_, err = start(t, dir)
	require.ErrorContains(t, err, "is not a file of mcm-temporal")
	require.NoError(t, db.Close())
}

func TestStartTemporal_MissingExecutable(t *testing.T) {
	o := options(t, t.TempDir())
	o.Executable = filepath.Join(o.DataDir, "absent")
	begun := time.Now()
	_, err := supervisor.StartTemporal(t.Context(), o)
	require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "make build")
	require.Less(t, time.Since(begun), 5*time.Second)
}

// The data directory of a killed manager may stay locked by its server for a moment.
func TestStartTemporal_WaitsForTheDataDirectory(t *testing.T) {
	dir := t.TempDir()
	lock, err := os.OpenFile(filepath.Join(dir, "temporal.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	released := make(chan time.Time, 1)
	time.AfterFunc(2*time.Second, func() {
		released <- time.Now()
		_ = lock.Close()
	})
	s, err := start(t, dir)
	require.NoError(t, err)
	defer s.Stop()
	require.True(t, time.Now().After(<-released))
	require.True(t, responds(t, s))
}
