package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"mycloudmanager/sdk"
)

func (s *session) backupRestore() *cobra.Command {
	var (
		body                               sdk.RestoreRequest
		target, confirm, newServer, flavor string
	)
	cmd := s.starting("restore INSTANCE ID", "Restore a backup", cobra.ExactArgs(2),
		func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
			body.BackupID, body.Target, body.Confirm = args[1], optional(target), optional(confirm)
			body.NewServerName, body.Flavor = optional(newServer), optional(flavor)
			if newServer != "" {
				id, err := instanceOfBackup(ctx, c, args[0], args[1])
				if err != nil {
					return sdk.Task{}, err
				}
				return c.RestoreInstance(ctx, id, body)
			}
			i, err := findInstance(ctx, c, args[0])
			if err != nil {
				return sdk.Task{}, err
			}
			if confirm == "" {
				if body.Confirm, err = confirmation(ctx, c, i, args[1], target); err != nil {
					return sdk.Task{}, err
				}
			}
			return c.RestoreInstance(ctx, i.ID, body)
		})
	cmd.Flags().StringArrayVar(&body.Paths, "path", nil, "file backups: restore only this file or directory; may be repeated")
	cmd.Flags().StringVar(&target, "target", "", "file backups: directory on the instance (default /restore)")
	cmd.Flags().StringVar(&confirm, "confirm", "", "name of the instance, required where data is replaced")
	cmd.Flags().StringVar(&newServer, "new-server", "",
		"snapshots: create a server with this name and leave the instance as it is; the instance may be deleted")
	cmd.Flags().StringVar(&flavor, "flavor", "", "with --new-server: flavor, by name or ID (default: that of the instance)")
	cmd.Flags().StringArrayVar(&body.Networks, "network", nil,
		"with --new-server: network, by name or ID; may be repeated (default: those of the instance)")
	return cmd
}

// confirmation returns the confirmation of a restore that replaces no data. A restore of a snapshot, which replaces the disk of
// the instance, must be confirmed by the user. So must a restore of files to their original place: the manager rejects it.
func confirmation(ctx context.Context, c *sdk.Client, i sdk.Instance, backup, target string) (*string, error) {
	b, err := c.GetBackup(ctx, backup)
	if err != nil {
		return nil, err
	}
	if b.Method == sdk.BackupMethodSnapshot {
		return nil, fmt.Errorf("the disk of %s would be replaced: confirm with --confirm %s", i.Name, i.Name)
	}
	if target == "/" {
		return nil, nil
	}
	return &i.ID, nil
}

// instanceOfBackup returns the ID of the instance with this name or ID. A deleted instance is found through its backup.
func instanceOfBackup(ctx context.Context, c *sdk.Client, name, backup string) (string, error) {
	i, missing := findInstance(ctx, c, name)
	if missing == nil {
		return i.ID, nil
	}
	b, err := c.GetBackup(ctx, backup)
	if err != nil {
		return "", err
	}
	if name != b.Instance && name != b.InstanceName {
		return "", missing
	}
	return b.Instance, nil
}
