package cli

import (
	"encoding/hex"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/platform/config"
	"mycloudmanager/internal/platform/encryption"
)

// backupKey prints the key of file backups from the data directory of this machine, without a request to the manager.
func backupKey() *cobra.Command {
	cmd := &cobra.Command{Use: "key [INSTANCE]", Short: "Print the backup key of the project", Args: cobra.MaximumNArgs(1)}
	config.Flags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := config.Load(cmd.Flags())
		if err != nil {
			return err
		}
		key, err := encryption.Existing(filepath.Join(c.DataDir, backup.KeyFile))
		if err != nil {
			return err
		}
		text := hex.EncodeToString(key)
		if len(args) > 0 {
			text = backup.Password(key, args[0])
		}
		fmt.Fprintln(cmd.OutOrStdout(), text)
		return nil
	}
	return cmd
}
