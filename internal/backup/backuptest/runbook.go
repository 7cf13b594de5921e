// Package backuptest provides helpers for tests of backups.
package backuptest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/operation/temporal/temporaltest"
)

// Runbook returns a shell script with the commands below a heading of docs/operations/restore-without-the-manager.md.
func Runbook(t testing.TB, heading string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(temporaltest.Root(t), "docs/operations/restore-without-the-manager.md"))
	require.NoError(t, err)
	_, steps, ok := strings.Cut(string(raw), heading+"\n")
	require.True(t, ok, heading)
	steps, _, _ = strings.Cut(steps, "\n## ")
	var script strings.Builder
	script.WriteString("set -eu\n")
	for line := range strings.Lines(steps) {
		if command, ok := strings.CutPrefix(line, "       "); ok {
			script.WriteString(command)
		}
	}
	return script.String()
}
