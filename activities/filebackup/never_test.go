package filebackup_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
)

// Virtual file systems and caches are never backed up, whatever directories the plan lists.
func TestNeverBackedUp(t *testing.T) {
	for _, engine := range []backup.EngineName{backup.Restic, backup.Duplicity} {
		t.Run(string(engine), func(t *testing.T) {
			l := newLab(t)
			l.rules.Engine = engine
			asked := filepath.Join(l.host.dir, "asked")
			l.host.program(string(engine), "#!/bin/sh\necho \"$@\" >>"+asked+"; PATH=/usr/local/bin:/usr/bin:/bin exec "+string(engine)+" \"$@\"")
			of := filepath.Join(l.host.dir, "var")
			cache := filepath.Join(of, "cache/mcm-backup")
			require.NoError(t, os.MkdirAll(cache, 0o700))
			for _, name := range []string{filepath.Join(cache, "known"), filepath.Join(of, "kept")} {
				require.NoError(t, os.WriteFile(name, []byte("text"), 0o600))
			}
			in := l.input("run~1")
			in.Plan.Directories = []string{of}
			b, err := l.BackUpFiles(t.Context(), in)
			require.NoError(t, err)

			var paths []string
			require.NoError(t, l.Records.Entries(t.Context(), b.ID, func(e backup.FileEntry) error {
				paths = append(paths, e.Path)
				return nil
			}))
			require.Contains(t, paths, filepath.Join(of, "kept"))
			require.NotContains(t, paths, cache)
			require.NotContains(t, paths, filepath.Join(cache, "known"))
			raw, err := os.ReadFile(asked)
			require.NoError(t, err)
			require.Contains(t, string(raw), "--exclude=/proc --exclude=/sys --exclude=/dev --exclude=/run --exclude="+cache)
		})
	}
}
