package e2e_test

import (
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/stretchr/testify/require"
)

// postgres is a PostgreSQL server of the test, from Debian's packages.
type postgres struct{ address, password string }

// startPostgres starts a server in its own directory, on loopback, as an unprivileged user; it stops with the
// test.
func startPostgres(t *testing.T) *postgres {
	t.Helper()
	db := &postgres{address: freeAddress(t), password: "only-for-this-test"}
	as := unprivileged(t)
	dir, err := os.MkdirTemp("", "postgres") //nolint:usetesting // other users cannot enter t.TempDir
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	data, secret := filepath.Join(dir, "data"), filepath.Join(dir, "password")
	require.NoError(t, os.WriteFile(secret, []byte(db.password), 0o600))
	if as.Credential != nil {
		for _, path := range []string{dir, secret} {
			require.NoError(t, os.Chown(path, int(as.Credential.Uid), int(as.Credential.Gid)))
		}
	}
	_, port, err := net.SplitHostPort(db.address)
	require.NoError(t, err)
	run := func(name string, arguments ...string) *exec.Cmd {
		cmd := exec.Command(postgresTool(t, name), arguments...)
		cmd.Dir, cmd.SysProcAttr, cmd.Env = dir, as, []string{"LC_ALL=C.UTF-8", "PATH=" + os.Getenv("PATH")}
		return cmd
	}
	out, err := run("initdb", "-D", data, "-U", "mcm", "-A", "scram-sha-256", "--pwfile", secret, "--no-sync").CombinedOutput()
	require.NoError(t, err, string(out))
	// The test kills only its clients, so the server need not be safe against a power cut.
	server := run("postgres", "-D", data, "-h", "127.0.0.1", "-p", port, "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200")
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	server.Stdout, server.Stderr = log, log
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		_ = server.Wait()
	})
	require.Eventually(t, func() bool { return db.exec("postgres", "SELECT 1") == nil }, 30*time.Second, 50*time.Millisecond)
	return db
}

// unprivileged returns the user of the server, which refuses to run as root.
func unprivileged(t *testing.T) *syscall.SysProcAttr {
	t.Helper()
	as := &syscall.SysProcAttr{}
	if os.Getuid() != 0 {
		return as
	}
	who, err := user.Lookup("postgres")
	require.NoError(t, err, "scripts/setup.sh postgres installs it")
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	require.NoError(t, err)
	as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return as
}

// postgresTool finds an executable in Debian's directory, which is not in the PATH.
func postgresTool(t *testing.T, name string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	require.NoError(t, err)
	if len(found) > 0 {
		return found[len(found)-1]
	}
	file, err := exec.LookPath(name)
	require.NoError(t, err, "PostgreSQL is not installed: scripts/setup.sh postgres")
	return file
}

// url returns the URL of a database.
func (p *postgres) url(database string) string {
	return fmt.Sprintf("postgres://mcm:%s@%s/%s?sslmode=disable", p.password, p.address, database)
}

func (p *postgres) exec(database, statement string) error {
	db, err := sql.Open("pgx", p.url(database))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}
