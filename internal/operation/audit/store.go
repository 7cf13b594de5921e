package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// Store stores records in SQLite, or in PostgreSQL if several replicas share the store. Each record has an HMAC over its
// content and the HMAC of the previous record, so that Verify detects changes.
type Store struct {
	db       *sql.DB
	key      []byte
	postgres bool
	mu       sync.Mutex // serialises the writers of this process; a database lock serialises processes
}

const schema = `
CREATE TABLE IF NOT EXISTS audit (
  id         %s PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  time       BIGINT NOT NULL,
  actor_id   TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  operation  TEXT NOT NULL,
  outcome    TEXT NOT NULL,
  via        TEXT NOT NULL,
  targets    TEXT NOT NULL,
  record     TEXT NOT NULL,
  chain      TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_time ON audit (time);
CREATE INDEX IF NOT EXISTS audit_actor ON audit (actor_name, id);
CREATE INDEX IF NOT EXISTS audit_operation ON audit (operation, id);`

// Open opens the store at a PostgreSQL URL or the path of a SQLite file, and creates the schema if necessary. key is the
// key of the HMACs.
func Open(ctx context.Context, location string, key []byte) (*Store, error) {
	s := &Store{key: key, postgres: strings.HasPrefix(location, "postgres")}
	driver, dsn, id := "sqlite", "file:"+(&url.URL{Path: location}).EscapedPath()+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(10000)&_txlock=immediate", "INTEGER"
	if s.postgres {
		driver, dsn, id = "pgx", location, "BIGINT"
	} else if err := createPrivate(location); err != nil {
		return nil, fmt.Errorf("audit store: %w", err)
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, fmt.Errorf("audit store: %w", err)
	}
	s.db = db
	statements := fmt.Sprintf(schema, id)
	if s.postgres { // concurrent CREATE TABLE IF NOT EXISTS statements of several replicas would conflict
		statements = "SELECT pg_advisory_xact_lock(hashtext('mcm audit'));" + statements
	}
	if _, err := db.ExecContext(ctx, statements); err != nil {
		return nil, errors.Join(fmt.Errorf("audit store: %w", err), db.Close())
	}
	return s, nil
}

// createPrivate creates the file with mode 0600. SQLite creates its other files with the same mode.
func createPrivate(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// Close closes the store.
func (s *Store) Close() error { return s.db.Close() }

// Ping checks the connection to the database.
func (s *Store) Ping(ctx context.Context) error { return unavailable(s.db.PingContext(ctx)) }

// Append appends a record and sets its ID. It does nothing if a record with the same key exists.
func (s *Store) Append(ctx context.Context, r Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return unavailable(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit, Rollback returns an error
	if s.postgres {
		if _, err := tx.ExecContext(ctx, "LOCK TABLE audit IN EXCLUSIVE MODE"); err != nil {
			return unavailable(err)
		}
	}
	var existing int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM audit WHERE key = $1", r.Key).Scan(&existing); err != nil || existing > 0 {
		return unavailable(err)
	}
	var chain string
	err = tx.QueryRowContext(ctx, "SELECT id, chain FROM audit ORDER BY id DESC LIMIT 1").Scan(&r.ID, &chain)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return unavailable(err)
	}
	r.ID++
	r.Time = r.Time.UTC().Truncate(time.Millisecond)
	if r.Targets == nil {
		r.Targets = []operation.Target{}
	}
	if r.Changes == nil {
		r.Changes = []operation.Change{}
	}
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	targets, err := json.Marshal(r.Targets)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit (id, key, time, actor_id, actor_name, operation, outcome, via, targets, record, chain)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.ID, r.Key, r.Time.UnixMilli(), r.Actor.ID, r.Actor.Name, r.Operation, r.Outcome, r.Via, string(targets), string(body), s.chain(chain, body)); err != nil {
		return unavailable(err)
	}
	return unavailable(tx.Commit())
}

// chain returns the HMAC of a record. previous is the HMAC of the previous record.
func (s *Store) chain(previous string, body []byte) string {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(previous))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// Verify checks the chain. It returns the ID of the first record that is missing or was changed, or 0 if the log is
// complete and unchanged.
func (s *Store) Verify(ctx context.Context) (int64, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id, record, chain FROM audit ORDER BY id")
	if err != nil {
		return 0, unavailable(err)
	}
	defer rows.Close()
	previous, expected := "", int64(1)
	for rows.Next() {
		var (
			id           int64
			record, link string
		)
		if err := rows.Scan(&id, &record, &link); err != nil {
			return 0, unavailable(err)
		}
		if id != expected || link != s.chain(previous, []byte(record)) {
			return expected, nil
		}
		previous, expected = link, id+1
	}
	return 0, unavailable(rows.Err())
}

// List returns one page of the matching records, newest first. A page size of 0 selects all records.
func (s *Store) List(ctx context.Context, f Filter) ([]Record, error) {
	out := []Record{}
	where, args := f.where(s.postgres)
	limit := ""
	if f.PageSize > 0 {
		limit = fmt.Sprintf(" LIMIT %d", f.PageSize)
	}
	err := s.query(ctx, "SELECT record FROM audit"+where+" ORDER BY id DESC"+limit, args, func(r Record) error {
		out = append(out, r)
		return nil
	})
	return out, err
}

// Each calls visit for every matching record, newest first, without loading all records into memory.
func (s *Store) Each(ctx context.Context, f Filter, visit func(Record) error) error {
	where, args := f.where(s.postgres)
	return s.query(ctx, "SELECT record FROM audit"+where+" ORDER BY id DESC", args, visit)
}

func (s *Store) query(ctx context.Context, query string, args []any, visit func(Record) error) error {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return unavailable(err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			body string
			r    Record
		)
		if err := rows.Scan(&body); err != nil {
			return unavailable(err)
		}
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			return err
		}
		if err := visit(r); err != nil {
			return err
		}
	}
	return unavailable(rows.Err())
}

// where returns the WHERE clause of the filter and its parameters. The clause contains no values.
func (f Filter) where(postgres bool) (string, []any) {
	var (
		conditions []string
		args       []any
	)
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		conditions = append(conditions, condition)
	}
	like := "LIKE"
	if postgres {
		like = "ILIKE"
	}
	if f.Actor != "" {
		add("(actor_id = ? OR actor_name = ?)", f.Actor, f.Actor)
	}
	for column, v := range map[string]string{"operation": f.Operation, "outcome": f.Outcome, "via": f.Via} {
		if v != "" {
			add(column+" = ?", v)
		}
	}
	if f.Target != "" {
		name := f.Target
		if _, id, ok := strings.Cut(name, ":"); ok {
			name = id
		}
		add("targets "+like+" ? ESCAPE '!'", "%"+escape(quoted(name))+"%")
	}
	for word := range strings.FieldsSeq(f.Query) {
		add("record "+like+" ? ESCAPE '!'", "%"+escape(word)+"%")
	}
	if !f.Since.IsZero() {
		add("time >= ?", f.Since.UnixMilli())
	}
	if !f.Until.IsZero() {
		add("time < ?", f.Until.UnixMilli())
	}
	if f.Before > 0 {
		add("id < ?", f.Before)
	}
	if len(conditions) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(conditions, " AND "), args
}

// quoted returns the text as a quoted JSON string, as the column targets contains it.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(b)
}

// escape escapes the wildcards of LIKE.
func escape(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Unavailable, err, "the audit store does not respond")
}
