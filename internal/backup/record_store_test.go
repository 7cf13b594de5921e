package backup_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/sandbox/sandboxtest"
)

const instance = "0b0e2b8c-6f3c-4a5e-9d4a-3d1f6f0a7c11"

// newRecords returns records in a simulated object storage, and a counter of the record reads.
func newRecords(t *testing.T) (*backup.Records, *atomic.Int64) {
	t.Helper()
	var reads atomic.Int64
	cloud := sandboxtest.StartBehind(t, t.TempDir(), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".json") {
				reads.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	return &backup.Records{Store: openstack.New(cloud.AuthURL, "demo", "demo", "demo").Objects}, &reads
}

func fileBackup(instance string, n int) backup.Backup {
	return backup.Backup{ID: backup.FileBackupID(instance, fmt.Sprintf("snap%d", n)), Instance: instance, Method: backup.FileLevel, Snapshot: fmt.Sprintf("snap%d", n),
		CreatedAt: time.Date(2026, 11, 1, n, 0, 0, 0, time.UTC), SizeBytes: int64(n)}
}

func TestRecords_List_readsOnlyChangedRecords(t *testing.T) {
	r, reads := newRecords(t)
	list, err := r.List(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, list)
	for n := range 5 {
		require.NoError(t, r.Put(t.Context(), fileBackup(instance, n)))
	}
	require.NoError(t, r.Put(t.Context(), fileBackup("another", 9)))
	list, err = r.List(t.Context(), instance)
	require.NoError(t, err)
	require.Len(t, list, 5)
	require.Equal(t, fileBackup(instance, 4), list[0], "the newest first")
	require.EqualValues(t, 5, reads.Load())
	all, err := r.List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, all, 6)
	require.EqualValues(t, 6, reads.Load(), "only the record that was not cached")

	held := fileBackup(instance, 2)
	held.Held = true
	require.NoError(t, r.Put(t.Context(), held))
	require.NoError(t, r.Delete(t.Context(), fileBackup(instance, 0).ID))
	require.NoError(t, r.Delete(t.Context(), fileBackup(instance, 0).ID), "a repeated delete succeeds")
	list, err = r.List(t.Context(), instance)
	require.NoError(t, err)
	require.Len(t, list, 4)
	require.True(t, list[2].Held)
	require.EqualValues(t, 7, reads.Load())

	one, err := r.Get(t.Context(), held.ID)
	require.NoError(t, err)
	require.Equal(t, held, one)
	for _, id := range []string{fileBackup(instance, 0).ID, "f-x", "s-image", "", "f-../x.y", "f-" + instance + "."} {
		_, err := r.Get(t.Context(), id)
		require.Equal(t, fault.NotFound, fault.KindOf(err), id)
	}
}

// writeIndex writes a file list of 1013 entries and returns their number.
func writeIndex(t *testing.T, r *backup.Records, id string) int {
	t.Helper()
	index, err := r.NewIndex(t.Context(), id)
	require.NoError(t, err)
	n := 0
	add := func(path, kind string) {
		n++
		require.NoError(t, index.Add(backup.FileEntry{Path: path, Type: kind, Size: int64(n), Mode: 0o640, MTime: time.Unix(int64(n), 0).UTC()}))
	}
	add("/data", backup.EntryDir)
	for d := range 10 {
		add(fmt.Sprintf("/data/d%d", d), backup.EntryDir)
		for f := range 100 {
			add(fmt.Sprintf("/data/d%d/file %02d é.txt", d, f), backup.EntryFile)
		}
	}
	add("/data2", backup.EntryDir)
	add("/data2/Last FILE", backup.EntryFile)
	require.NoError(t, index.Close())
	return n
}

func TestRecords_Files_pagesAndSearch(t *testing.T) {
	r, _ := newRecords(t)
	id := fileBackup(instance, 1).ID
	total := writeIndex(t, r, id)
	pages := func(dir, query string, limit int) (paths []string) {
		token := ""
		for {
			page, err := r.Files(t.Context(), id, dir, query, limit, token)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Items), limit)
			for _, e := range page.Items {
				paths = append(paths, e.Path)
			}
			if token = page.Next; token == "" {
				return paths
			}
		}
	}
	require.Equal(t, []string{"/data", "/data2"}, pages("", "", 1))
	require.Equal(t, []string{"/data", "/data2"}, pages("/", "", 50))
	require.Len(t, pages("/data", "", 3), 10)
	require.Len(t, pages("/data/d3/", "", 7), 100)
	require.Equal(t, []string{"/data2/Last FILE"}, pages("/data2", "", 7))
	require.Empty(t, pages("/dat", "", 7))
	require.Empty(t, pages("/data/d3/file 01 é.txt", "", 7))
	require.Len(t, pages("/", "file", 99), 1001)
	require.Len(t, pages("/data/d1", "FILE 0", 4), 10)
	require.Len(t, pages("/", "7 É", 4), 100)
	require.Len(t, pages("/", "/", 500), 0, "the query matches names, not paths")
	require.Equal(t, 1013, total)

	_, err := r.Files(t.Context(), id, "/", "", 10, "nonsense")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = r.Files(t.Context(), fileBackup(instance, 2).ID, "/", "", 10, "")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func TestIndex_Abort_keepsPreviousList(t *testing.T) {
	r, _ := newRecords(t)
	id := fileBackup(instance, 1).ID
	writeIndex(t, r, id)
	index, err := r.NewIndex(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, index.Add(backup.FileEntry{Path: "/only", Type: backup.EntryFile}))
	index.Abort()
	page, err := r.Files(t.Context(), id, "/", "", 10, "")
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	require.Equal(t, "/data", page.Items[0].Path)
}

func TestPassword_dependsOnInstanceAndKey(t *testing.T) {
	key := make([]byte, 32)
	one := backup.Password(key, instance)
	require.Equal(t, one, backup.Password(key, instance))
	require.NotEqual(t, one, backup.Password(key, "another"))
	require.NotEqual(t, one, backup.Password(append([]byte{1}, key[1:]...), instance))
	require.Len(t, one, 64)
}
