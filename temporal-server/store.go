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

// serverVersion is that of the Temporal server in this executable.
func serverVersion() string { return headers.ServerVersion }

// minor cuts 1.30.8 to 1.30: Temporal changes its SQLite schema between minors and ships no
// migration for it.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	return parts[0] + "." + parts[1]
}

// store is the SQLite file, or PostgreSQL. One process may have the folder open, and only a file of our
// own minor is opened.
type store struct {
	config     *config.SQL
	visibility *config.SQL
	lock       *os.File
	partitions int // of each task queue, to be read
}

func openStore(dir, database string) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "temporal.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("%s is in use by another mcm-temporal", dir)
	}
	s := &store{lock: lock, partitions: 1}
	if database != "" {
		return s, openPostgres(s, database)
	}
	file := filepath.Join(dir, "temporal.db")
	s.config, s.visibility = attributes(file), attributes(file)
	return s, s.prepare(file)
}

// prepare makes a new file's schema, or checks that a file is of this minor.
func (s *store) prepare(file string) error {
	_, err := os.Stat(file)
	fresh := errors.Is(err, os.ErrNotExist)
	if err != nil && !fresh {
		return err
	}
	if fresh {
		// A schema that was cut off half way must not look whole: it is made beside and moved.
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(file + ".new" + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		// In a process of its own: Temporal's connection to the file ends with it, before the file moves.
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

// schemaCommand makes the schema in a new file; it is only for the server itself.
const schemaCommand = "make-schema"

func makeSchema(file string) error {
	if err := sqliteschema.SetupSchema(attributes(file)); err != nil {
		return err
	}
	return mark(file, minor(serverVersion()))
}

// attributes open the file: WAL with full synchronisation loses nothing that was acknowledged, and
// has four times the throughput of the default journal.
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
	// TRUNCATE moves what is in the write-ahead log into the file, which is then moved alone.
	_, err = db.Exec("CREATE TABLE mcm_meta (server_minor TEXT NOT NULL); INSERT INTO mcm_meta VALUES ('" + version + "'); PRAGMA wal_checkpoint(TRUNCATE);")
	return err
}

// check opens a file that exists; it returns how many partitions of its task queues are to be read.
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

// backlogged is 4, as it was once, while tasks still lie in partitions that are no longer written to.
// https://docs.temporal.io/task-queue#task-ordering
func backlogged(db *sql.DB) (partitions int, err error) {
	var left int
	err = db.QueryRow("SELECT COUNT(*) FROM tasks WHERE instr(task_queue_id, '/_sys/') > 0").Scan(&left)
	if left > 0 {
		return 4, err
	}
	return 1, err
}
