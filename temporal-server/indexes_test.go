package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	sqliteschema "go.temporal.io/server/schema/sqlite"
)

const insert = `INSERT INTO executions_visibility (namespace_id, run_id, start_time, execution_time, workflow_id, workflow_type_name, status, encoding, search_attributes)
	VALUES ('n', ?, '2026-01-01', '2026-01-01', ?, 't', 1, '', ?)`

// unmodifiedDatabase returns a database with Temporal's own indexes and two workflows, one of which has an attribute.
func unmodifiedDatabase(t *testing.T) *sql.DB {
	file := filepath.Join(t.TempDir(), "temporal.db")
	if err := sqliteschema.SetupSchema(attributes(file)); err != nil {
		t.Fatal(err)
	}
	db, err := open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	must(t, db, insert, "r1", "without", nil)
	must(t, db, insert, "r2", "with", `{"Keyword03": "value"}`)
	return db
}

func must(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatal(err)
	}
}

func one(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	var found string
	if err := db.QueryRow(query).Scan(&found); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return found
}

func plan(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	var id, parent, unused int
	var detail string
	if err := db.QueryRow("EXPLAIN QUERY PLAN "+query).Scan(&id, &parent, &unused, &detail); err != nil {
		t.Fatal(err)
	}
	return detail
}

const everything = "SELECT group_concat(name || coalesce(sql, ''), ';') FROM (SELECT * FROM sqlite_master ORDER BY name)"

func TestRowsAreOnlyInIndexesOfWhatTheyHave(t *testing.T) {
	db := unmodifiedDatabase(t)
	if err := index(db); err != nil {
		t.Fatal(err)
	}
	// Only columns that Temporal's lists do not compare with a value keep their full index.
	kept := one(t, db, `SELECT group_concat(name) FROM (SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%executions_visibility%' AND sql NOT LIKE '%IS NOT NULL' ORDER BY name)`)
	if want := "by_execution_time,by_root_run_id,by_root_workflow_id,by_status,by_task_queue,by_temporal_namespace_division,by_workflow_id,by_workflow_type,default_idx,mcm_closed,mcm_pages"; kept != want {
		t.Fatalf("whole indexes: %s", kept)
	}
	const list = "SELECT workflow_id FROM executions_visibility WHERE namespace_id = 'n' AND TemporalNamespaceDivision IS NULL AND "
	const pages = " ORDER BY COALESCE(close_time, '9999-12-31 23:59:59+00:00') DESC, start_time DESC, run_id LIMIT 10"
	for _, where := range []string{"Keyword03 = 'value'", "Keyword03 > 'v'"} {
		must(t, db, insert, "r"+where, "with", `{"Keyword03": "value"}`)
		if found := one(t, db, list+where+pages); found != "with" {
			t.Errorf("%s: %s", where, found)
		}
		if by := plan(t, db, list+where+pages); !strings.Contains(by, "by_keyword_03") {
			t.Errorf("%s: %s", where, by)
		}
	}
	if found := one(t, db, list+"Keyword03 IS NULL"); found != "without" {
		t.Errorf("empty: %s", found)
	}
	made := one(t, db, everything)
	if err := index(db); err != nil {
		t.Fatal(err)
	}
	if again := one(t, db, everything); again != made {
		t.Errorf("a second start changes the indexes: %s, %s", made, again)
	}
}
