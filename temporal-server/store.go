package main

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/headers"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite" // store plugin "sqlite"
	sqliteschema "go.temporal.io/server/schema/sqlite"
)

// serverVersion returns the version of the Temporal server in this executable.
func serverVersion() string { return headers.ServerVersion }

// minor returns 1.30 for 1.30.8: Temporal changes its SQLite schema between minor versions without a migration.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	return parts[0] + "." + parts[1]
}

// store is a SQLite file or a PostgreSQL database. A data directory is locked by one process, and a file of
// another minor version is refused.
type store struct {
	config     *config.SQL
	visibility *config.SQL
	lock       *os.File
	partitions int // number of partitions to read per task queue
}

// errInUse is the error for a data directory that another process has locked.
var errInUse = errors.New("the data directory is in use by another mcm-temporal")

func openStore(dir, database string) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "temporal.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, errInUse)
	}
	s := &store{lock: lock, partitions: 1}
	if database != "" {
		return s, openPostgres(s, database)
	}
	file := filepath.Join(dir, "temporal.db")
	s.config, s.visibility = attributes(file), attributes(file)
	return s, s.prepare(file)
}

// prepare creates the schema of a new file, or checks that the file's minor version is this one.
func (s *store) prepare(file string) error {
	_, err := os.Stat(file)
	fresh := errors.Is(err, os.ErrNotExist)
	if err != nil && !fresh {
		return err
	}
	if fresh {
		// The schema is created in a temporary file that is then renamed, so that an interrupted creation is
		// never taken for a complete one.
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(file + ".new" + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		// A separate process: Temporal's connection to the file is closed with it, before the rename.
		own, err := os.Executable()
		if err != nil {
			return err
		}
		if out, err := exec.Command(own, schemaCommand, file+".new").CombinedOutput(); err != nil {
			return fmt.Errorf("schema: %w: %s", err, out)
		}
		if err := os.Rename(file+".new", file); err != nil {
			return err
		}
		return os.Chmod(file, 0o600)
	}
	s.partitions, err = check(file)
	return err
}

// schemaCommand creates the schema in a new file; it is internal.
const schemaCommand = "make-schema"

func makeSchema(file string) error {
	if err := sqliteschema.SetupSchema(attributes(file)); err != nil {
		return err
	}
	return mark(file, minor(serverVersion()))
}

// attributes returns the connection settings: WAL with full synchronization loses nothing that was
// acknowledged, and has four times the throughput of the default journal.
func attributes(file string) *config.SQL {
	return &config.SQL{
		PluginName: "sqlite", DatabaseName: file,
		ConnectAttributes: map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "full", "busy_timeout": "10000"},
	}
}

func open(file string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)")
}

func mark(file, version string) error {
	db, err := open(file)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := index(db); err != nil {
		return err
	}
	// TRUNCATE moves the content of the write-ahead log into the file, because only the file is renamed.
	_, err = db.Exec("CREATE TABLE mcm_meta (server_minor TEXT NOT NULL); INSERT INTO mcm_meta VALUES ('" + version + "'); PRAGMA wal_checkpoint(TRUNCATE);")
	return err
}

// check opens an existing file and returns the number of partitions to read per task queue.
func check(file string) (partitions int, err error) {
	db, err := open(file)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var wrote string
	if err := db.QueryRow("SELECT server_minor FROM mcm_meta").Scan(&wrote); err != nil {
		return 0, fmt.Errorf("%s is not a file of mcm-temporal: move it away, or set MCM_DATA_DIR to another folder", file)
	}
	if own := minor(serverVersion()); wrote != own {
		return 0, fmt.Errorf("%s was written by Temporal %s and this is %s: start the MyCloudManager release that has %s, let its tasks end, then move the file away", file, wrote, own, wrote)
	}
	if err := index(db); err != nil {
		return 0, err
	}
	return backlogged(db)
}

// backlogged returns 4, the former number of partitions, while tasks remain in partitions that are no longer
// written to. https://docs.temporal.io/task-queue#task-ordering
func backlogged(db *sql.DB) (partitions int, err error) {
	var left int
	err = db.QueryRow("SELECT COUNT(*) FROM tasks WHERE instr(task_queue_id, '/_sys/') > 0").Scan(&left)
	if left > 0 {
		return 4, err
	}
	return 1, err
}
