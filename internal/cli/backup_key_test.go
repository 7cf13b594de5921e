package cli

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/platform/encryption"
)

func printed(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := backupKey()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append(args, "--data-dir", dir))
	err := cmd.ExecuteContext(t.Context())
	return strings.TrimSpace(out.String()), err
}

func TestTheBackupKeyIsPrintedFromTheDataFolder(t *testing.T) {
	dir := t.TempDir()
	_, err := printed(t, dir)
	require.ErrorContains(t, err, "backup.key")
	_, err = os.Stat(filepath.Join(dir, backup.KeyFile))
	require.ErrorIs(t, err, os.ErrNotExist, "looking makes none")

	key, err := encryption.Key(filepath.Join(dir, backup.KeyFile))
	require.NoError(t, err)
	text, err := printed(t, dir)
	require.NoError(t, err)
	require.Equal(t, hex.EncodeToString(key), text)
	one, err := printed(t, dir, "server-1")
	require.NoError(t, err)
	require.Equal(t, backup.Password(key, "server-1"), one)

	// The runbook derives the password with openssl alone.
	if openssl, err := exec.LookPath("openssl"); err == nil {
		cmd := exec.Command(openssl, "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:"+text)
		cmd.Stdin = strings.NewReader("server-1")
		out, err := cmd.Output()
		require.NoError(t, err)
		require.Contains(t, string(out), one)
	}
}
