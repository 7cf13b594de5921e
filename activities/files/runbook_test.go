package files_test

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The runbook for the day on which there is no manager is run as it is written.
func TestTheRunbookRestoresWithoutTheManager(t *testing.T) {
	raw, err := os.ReadFile("../../docs/operations/restore-without-the-manager.md")
	require.NoError(t, err)
	_, steps, ok := strings.Cut(string(raw), "## Restore\n")
	require.True(t, ok)
	script := "set -eu\n"
	for line := range strings.Lines(steps) {
		if command, ok := strings.CutPrefix(line, "       "); ok {
			script += command
		}
	}
	require.Contains(t, script, "restic restore")

	l := newLab(t)
	l.furnish()
	_, err = l.BackUpFiles(t.Context(), l.input("run~1"))
	require.NoError(t, err)
	before := tree(t, l.data)
	delete(before, "skip.cache")
	target := filepath.Join(l.host.dir, "by hand")
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(os.Environ(), "HOME="+l.host.dir, "OS_AUTH_URL="+l.cloud.AuthURL, "OS_USERNAME=demo", "OS_PASSWORD=demo", "OS_USER_DOMAIN_NAME=Default",
		"OS_PROJECT_NAME=demo", "OS_PROJECT_DOMAIN_NAME=Default", "instance="+instance, "key="+hex.EncodeToString(l.Key), "target="+target)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	after := tree(t, target+l.data)
	after["sparse.img"] = strings.Replace(after["sparse.img"], "sparse=false", "sparse=true", 1) // as the runbook says
	require.Equal(t, before, after)
}
