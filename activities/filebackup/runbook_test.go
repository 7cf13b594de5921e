package filebackup_test

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup/backuptest"
)

// byHand runs the script like an operator.
func (l *lab) byHand(script, target string) {
	l.t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(os.Environ(), "HOME="+l.host.dir, "OS_AUTH_URL="+l.cloud.AuthURL, "OS_USERNAME=demo", "OS_PASSWORD=demo", "OS_USER_DOMAIN_NAME=Default",
		"OS_PROJECT_NAME=demo", "OS_PROJECT_DOMAIN_NAME=Default", "instance="+instance, "plan=p1", "key="+hex.EncodeToString(l.Key), "target="+target)
	out, err := cmd.CombinedOutput()
	require.NoError(l.t, err, "%s", out)
}

// The commands of the runbook restore a backup without the manager.
func TestRunbook_restic(t *testing.T) {
	script := backuptest.Runbook(t, "## Restore")
	require.Contains(t, script, "restic restore")
	l := newLab(t)
	l.furnish()
	_, err := l.BackUpFiles(t.Context(), l.input("run~1"))
	require.NoError(t, err)
	before := tree(t, l.data)
	delete(before, "skip.cache")
	target := filepath.Join(l.host.dir, "by hand")
	l.byHand(script, target)
	after := tree(t, target+l.data)
	after["sparse.img"] = strings.Replace(after["sparse.img"], "sparse=false", "sparse=true", 1) // as documented in the runbook
	require.Equal(t, before, after)
}

func TestRunbook_duplicity(t *testing.T) {
	script := backuptest.Runbook(t, "## Restore what duplicity has made")
	require.Contains(t, script, "duplicity restore")
	l := newDuplicityLab(t)
	l.furnish()
	_, err := l.BackUpFiles(t.Context(), l.input("run~1"))
	require.NoError(t, err)
	before := tree(t, l.data)
	delete(before, "skip.cache")
	target := filepath.Join(l.host.dir, "by hand")
	l.byHand(script, target)
	after := tree(t, target+l.data)
	after["sparse.img"] = strings.Replace(after["sparse.img"], "sparse=false", "sparse=true", 1)
	require.Equal(t, lossy(before), lossy(after))
}
