package audit_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/platform/i18n"
)

var (
	key   = []byte("0123456789abcdef0123456789abcdef")
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

func open(t *testing.T) (*audit.Store, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "audit #1?.db") // characters with a meaning in URLs
	s, err := audit.Open(t.Context(), file, key)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s, file
}

// record returns record n of a series in which users launch and stop apps.
func record(n int) audit.Record {
	app := []string{"ntp", "zabbix"}[n%2]
	return audit.Record{
		Time: start.Add(time.Duration(n) * time.Minute), Key: fmt.Sprintf("run-%d:succeeded", n), Actor: operation.Actor{ID: fmt.Sprintf("u%d", n%3), Name: []string{"anna", "ben", "zoé"}[n%3]},
		SourceIP: "192.0.2.1", UserAgent: "mcm/1", Via: []string{"ui", "cli"}[n%2], Operation: []string{"app.launch", "app.stop"}[n/2%2],
		Targets: []operation.Target{{Kind: "app", ID: app, Name: app}}, Outcome: []string{"succeeded", "failed"}[n/4%2], Detail: i18n.Messagef("detail %d", n), Task: fmt.Sprintf("app:%s~%d", app, n),
	}
}

func fill(t *testing.T, s *audit.Store, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, s.Append(t.Context(), record(i)))
	}
}

func ids(list []audit.Record) (out []int64) {
	for _, r := range list {
		out = append(out, r.ID)
	}
	return out
}

func TestStore_AppendIsIdempotent(t *testing.T) {
	s, file := open(t)
	var wg sync.WaitGroup
	for i := range 20 { // concurrent writers and retries
		wg.Go(func() { require.NoError(t, s.Append(t.Context(), record(i%5))) })
	}
	wg.Wait()
	list, err := s.List(t.Context(), audit.Filter{})
	require.NoError(t, err)
	require.Equal(t, []int64{5, 4, 3, 2, 1}, ids(list))
	for _, r := range list {
		require.Equal(t, time.UTC, r.Time.Location())
		require.NotNil(t, r.Changes)
	}
	bad, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.Zero(t, bad)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "the file must not be readable by other users")
}

func TestStore_VerifyDetectsChanges(t *testing.T) {
	for name, c := range map[string]struct {
		change string
		first  int64
	}{
		"a record changed":      {"UPDATE audit SET record = replace(record, 'anna', 'mallory') WHERE id = 4", 4},
		"a record deleted":      {"DELETE FROM audit WHERE id = 4", 4},
		"the first deleted":     {"DELETE FROM audit WHERE id = 1", 1},
		"a chain value changed": {"UPDATE audit SET chain = 'x' WHERE id = 7", 7},
		"records swapped":       {"UPDATE audit SET id = CASE id WHEN 5 THEN -6 ELSE -5 END WHERE id IN (5, 6); UPDATE audit SET id = -id WHERE id < 0", 5},
		"nothing":               {"SELECT 1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, file := open(t)
			fill(t, s, 10)
			db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(escapePath(file)))
			require.NoError(t, err)
			defer db.Close()
			_, err = db.Exec(c.change)
			require.NoError(t, err)
			bad, err := s.Verify(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.first, bad)
		})
	}
}

// A valid chain cannot be created without the key.
func TestStore_VerifyFailsWithAnotherKey(t *testing.T) {
	s, file := open(t)
	fill(t, s, 3)
	other, err := audit.Open(t.Context(), file, []byte("another key of thirty-two bytes!"))
	require.NoError(t, err)
	defer other.Close()
	bad, err := other.Verify(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, bad)
}

func TestStore_ChainContinuesAfterRestart(t *testing.T) {
	s, file := open(t)
	fill(t, s, 3)
	require.NoError(t, s.Close())
	again, err := audit.Open(t.Context(), file, key)
	require.NoError(t, err)
	defer again.Close()
	require.NoError(t, again.Append(t.Context(), record(3)))
	require.NoError(t, again.Append(t.Context(), record(1)), "a record with an earlier key is ignored")
	bad, err := again.Verify(t.Context())
	require.NoError(t, err)
	require.Zero(t, bad)
	list, err := again.List(t.Context(), audit.Filter{})
	require.NoError(t, err)
	require.Equal(t, []int64{4, 3, 2, 1}, ids(list))
}

func TestStore_Filters(t *testing.T) {
	s, _ := open(t)
	fill(t, s, 24)
	odd := record(24)
	odd.Targets = []operation.Target{{Kind: "stack", ID: "toolbox", Name: "100%_sure! 'x' \"y\""}}
	odd.Detail = i18n.Verbatim("Quota exceeded; DROP TABLE audit")
	require.NoError(t, s.Append(t.Context(), odd))
	for name, c := range map[string]struct {
		filter audit.Filter
		n      int
	}{
		"all":                    {audit.Filter{}, 25},
		"actor by name":          {audit.Filter{Actor: "ben"}, 8},
		"actor by id":            {audit.Filter{Actor: "u1"}, 8},
		"part of an actor":       {audit.Filter{Actor: "be"}, 0},
		"actor with accents":     {audit.Filter{Actor: "zoé"}, 8},
		"operation":              {audit.Filter{Operation: "app.stop"}, 12},
		"outcome":                {audit.Filter{Outcome: "failed"}, 12},
		"via":                    {audit.Filter{Via: "cli"}, 12},
		"target":                 {audit.Filter{Target: "zabbix"}, 12},
		"target with kind":       {audit.Filter{Target: "app:zabbix"}, 12},
		"part of a target":       {audit.Filter{Target: "zab"}, 0},
		"target with wildcards":  {audit.Filter{Target: `100%_sure! 'x' "y"`}, 1},
		"percent is no wildcard": {audit.Filter{Target: "%"}, 0},
		"since":                  {audit.Filter{Since: start.Add(20 * time.Minute)}, 5},
		"until":                  {audit.Filter{Until: start.Add(20 * time.Minute)}, 20},
		"several words":          {audit.Filter{Query: "table  quota"}, 1},
		"word with wildcards":    {audit.Filter{Query: "100%_sure!"}, 1},
		"no wildcards in words":  {audit.Filter{Query: "1__%"}, 0},
		"SQL injection":          {audit.Filter{Actor: "x' OR '1'='1", Query: "'; DROP TABLE audit; --"}, 0},
		"all filters":            {audit.Filter{Actor: "anna", Operation: "app.launch", Outcome: "succeeded", Via: "ui", Target: "app:ntp", Until: start.Add(12 * time.Minute)}, 1},
	} {
		list, err := s.List(t.Context(), c.filter)
		require.NoError(t, err, name)
		require.Len(t, list, c.n, name)
	}
}

func TestStore_PagesDuringWrites(t *testing.T) {
	s, _ := open(t)
	fill(t, s, 25)
	var got []int64
	f := audit.Filter{PageSize: 10}
	for page := range 3 {
		list, err := s.List(t.Context(), f)
		require.NoError(t, err)
		got = append(got, ids(list)...)
		f.Before = list[len(list)-1].ID
		require.NoError(t, s.Append(t.Context(), record(100+page)))
	}
	require.Len(t, got, 25)
	for i, id := range got {
		require.EqualValues(t, 25-i, id)
	}
}

func TestStore_UnavailableAfterClose(t *testing.T) {
	s, _ := open(t)
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, s.Close())
	_, err := s.List(t.Context(), audit.Filter{})
	for _, err := range []error{err, s.Append(t.Context(), record(1)), s.Ping(t.Context())} {
		require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
	}
	_, err = audit.Open(t.Context(), filepath.Join(t.TempDir(), "absent", "audit.db"), key)
	require.Error(t, err)
}
