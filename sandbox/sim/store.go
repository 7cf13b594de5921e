package sim

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	_ "modernc.org/sqlite" // the database/sql driver
)

// key identifies one document: kind is "<service>/<type>".
type key struct{ kind, id string }

// row is a document in memory with its position in the order of creation.
type row struct {
	seq int64
	doc Document
}

// store keeps every document in memory and writes changes through to SQLite in one transaction per request, so
// that a kill loses nothing that was acknowledged.
type store struct {
	db    *sql.DB
	rows  map[string]map[string]*row
	dirty map[key]bool
	seq   int64
}

const schema = `
CREATE TABLE IF NOT EXISTS documents (
	kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, doc TEXT NOT NULL,
	PRIMARY KEY (kind, id)
) WITHOUT ROWID`

// openStore opens or creates the database below dir and loads it.
func openStore(dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	dsn := "file:" + filepath.Join(dir, "cloud.db") +
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(10000)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &store{db: db, rows: map[string]map[string]*row{}, dirty: map[key]bool{}}
	if err := s.load(); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("sandbox database in %s: %w", dir, err)
	}
	return s, nil
}

func (s *store) load() error {
	if _, err := s.db.Exec(schema); err != nil {
		return err
	}
	rows, err := s.db.Query("SELECT kind, id, seq, doc FROM documents")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var kind, id, doc string
		r := &row{}
		if err := rows.Scan(&kind, &id, &r.seq, &doc); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(doc), &r.doc); err != nil {
			return err
		}
		s.table(kind)[id] = r
		s.seq = max(s.seq, r.seq)
	}
	return rows.Err()
}

func (s *store) table(kind string) map[string]*row {
	t := s.rows[kind]
	if t == nil {
		t = map[string]*row{}
		s.rows[kind] = t
	}
	return t
}

func (s *store) get(kind, id string) Document {
	if r := s.rows[kind][id]; r != nil {
		return r.doc
	}
	return nil
}

func (s *store) put(kind, id string, doc Document) {
	t := s.table(kind)
	if r := t[id]; r != nil {
		r.doc = doc
	} else {
		s.seq++
		t[id] = &row{seq: s.seq, doc: doc}
	}
	s.dirty[key{kind, id}] = true
}

func (s *store) remove(kind, id string) {
	if _, ok := s.rows[kind][id]; ok {
		delete(s.rows[kind], id)
		s.dirty[key{kind, id}] = true
	}
}

// all lists the documents of a kind, oldest first.
func (s *store) all(kind string) []Document {
	rows := make([]*row, 0, len(s.rows[kind]))
	for _, r := range s.rows[kind] {
		rows = append(rows, r)
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].seq < rows[j].seq })
	docs := make([]Document, len(rows))
	for i, r := range rows {
		docs[i] = r.doc
	}
	return docs
}

// flush writes the changes since the last flush, all or nothing.
func (s *store) flush() error {
	if len(s.dirty) == 0 {
		return nil
	}
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // a no-op after Commit
	for k := range s.dirty {
		if err := s.write(tx, k); err != nil {
			return fmt.Errorf("write %s %s: %w", k.kind, k.id, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	clear(s.dirty)
	return nil
}

func (s *store) write(tx *sql.Tx, k key) error {
	r := s.rows[k.kind][k.id]
	if r == nil {
		_, err := tx.Exec("DELETE FROM documents WHERE kind = ? AND id = ?", k.kind, k.id)
		return err
	}
	doc, err := json.Marshal(r.doc)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT OR REPLACE INTO documents (kind, id, seq, doc) VALUES (?, ?, ?, ?)",
		k.kind, k.id, r.seq, string(doc))
	return err
}

// wipe deletes everything, on disk too.
func (s *store) wipe() error {
	s.rows, s.dirty = map[string]map[string]*row{}, map[key]bool{}
	_, err := s.db.Exec("DELETE FROM documents")
	return err
}
