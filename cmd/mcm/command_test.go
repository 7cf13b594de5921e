package main

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/cli.md anew")

const reference = "../../docs/cli.md"

func TestCommand_EveryCommandHasHelp(t *testing.T) {
	root, err := command()
	require.NoError(t, err)
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if sub.Hidden {
				continue
			}
			require.NotEmpty(t, sub.Short, sub.CommandPath())
			require.NotEmpty(t, sub.Long, sub.CommandPath())
			require.NotEmpty(t, sub.Example, sub.CommandPath())
			visit(sub)
		}
	}
	visit(root)
}

// The committed reference is the one that the commands write: run this test with -update after a change.
func TestWriteReference_IsCommitted(t *testing.T) {
	t.Setenv("HOME", "/home/user") // the default of --data-dir is below it
	t.Setenv("XDG_DATA_HOME", "")
	for _, name := range []string{"OS_USERNAME", "OS_USER_DOMAIN_NAME", "OS_PROJECT_NAME", "OS_PROJECT_DOMAIN_NAME"} {
		t.Setenv(name, "")
	}
	root, err := command()
	require.NoError(t, err)
	var page bytes.Buffer
	require.NoError(t, writeReference(&page, root))
	if *update {
		require.NoError(t, os.WriteFile(reference, page.Bytes(), 0o644))
	}
	committed, err := os.ReadFile(reference)
	require.NoError(t, err)
	require.Equal(t, string(committed), page.String())
}

func TestDocsCommand_WritesAManPageForEachCommand(t *testing.T) {
	root, err := command()
	require.NoError(t, err)
	dir := t.TempDir()
	root.SetArgs([]string{"docs", "--man", dir})
	require.NoError(t, root.ExecuteContext(t.Context()))
	page, err := os.ReadFile(dir + "/mcm-backup-plan-create.1")
	require.NoError(t, err)
	require.Contains(t, string(page), "--keep-daily")
	require.Contains(t, string(page), "mcm backup plan create")
}
