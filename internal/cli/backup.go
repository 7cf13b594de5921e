package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/sdk"
)

func (s *session) backup() *cobra.Command {
	return group("backup", "Manage backups and backup plans",
		s.backupPlan(),
		s.backupList(),
		s.watching(s.run("show ID", "Show a backup", cobra.ExactArgs(1), s.backupShow)),
		s.backupDelete(),
		s.backupVerify(),
		s.backupHold("hold", "Hold a backup: retention does not delete it", true),
		s.backupHold("release", "Release a held backup", false),
		s.backupFiles(),
		s.backupRestore(),
		backupKey(),
	)
}

func (s *session) backupList() *cobra.Command {
	var instance, plan, method string
	cmd := s.run("list", "List backups, newest first", cobra.NoArgs,
		func(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
			query := sdk.ListBackupsParams{Method: optional(sdk.ListBackupsParamsMethod(method))}
			if instance != "" {
				i, err := findInstance(ctx, c, instance)
				if err != nil {
					return err
				}
				query.Instance = &i.ID
			}
			if plan != "" {
				p, err := findPlan(ctx, c, plan)
				if err != nil {
					return err
				}
				query.Plan = p.ID
			}
			all, err := c.AllBackups(ctx, query)
			if err != nil {
				return err
			}
			return s.print(out, sdk.BackupList{Items: all}, func(t *table) {
				t.kind, t.wide = "backup", 2
				t.header = []string{"ID", "INSTANCE", "PLAN", "METHOD", "CREATED", "BYTES", "VERIFIED", "HELD", "CONSISTENCY", "TASK"}
				for _, b := range all {
					t.add(b.ID, b.ID, b.InstanceName, b.PlanName, b.Method, b.CreatedAt.Local().Format(time.DateTime), b.SizeBytes, b.VerifyStatus,
						yesNo(b.Held), b.Consistency, b.Task)
				}
			})
		})
	cmd.Flags().StringVar(&instance, "instance", "", "only backups of this instance, by name or ID")
	cmd.Flags().StringVar(&plan, "plan", "", "only backups of this plan, by name or ID")
	cmd.Flags().StringVar(&method, "method", "", "only backups by this method: snapshot or soft (files)")
	return s.watching(cmd)
}

func (s *session) backupShow(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
	b, err := c.GetBackup(ctx, args[0])
	if err != nil {
		return err
	}
	return s.print(out, b, func(t *table) {
		t.kind, t.ids = "backup", []string{b.ID}
		t.field("ID", b.ID)
		t.field("INSTANCE", b.InstanceName+" ("+b.Instance+")")
		t.field("PLAN", b.PlanName)
		t.field("METHOD", b.Method)
		t.field("CREATED", b.CreatedAt.Local().Format(time.DateTime))
		t.field("BYTES", b.SizeBytes)
		t.field("CONSISTENCY", b.Consistency)
		t.field("VERIFIED", strings.TrimSpace(string(b.VerifyStatus)+" "+value(b.VerifyDetail)))
		t.field("HELD", yesNo(b.Held))
		t.field("TASK", b.Task)
	})
}

func (s *session) backupDelete() *cobra.Command {
	var confirm string
	cmd := s.starting("delete ID", "Delete a backup", cobra.ExactArgs(1),
		func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
			if confirm != args[0] {
				return sdk.Task{}, fmt.Errorf("a deleted backup cannot be restored: confirm with --confirm %s", args[0])
			}
			return c.DeleteBackup(ctx, args[0])
		})
	cmd.Flags().StringVar(&confirm, "confirm", "", "ID of the backup, required")
	return cmd
}

func (s *session) backupVerify() *cobra.Command {
	var restoreTest bool
	cmd := s.starting("verify ID", "Verify a backup", cobra.ExactArgs(1),
		func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
			return c.VerifyBackup(ctx, args[0], sdk.VerifyBackupRequest{RestoreTest: &restoreTest})
		})
	cmd.Flags().BoolVar(&restoreTest, "restore-test", false, "file backups: also restore to a scratch directory on the instance and compare")
	return cmd
}

func (s *session) backupHold(name, short string, held bool) *cobra.Command {
	return s.run(name+" ID", short, cobra.ExactArgs(1), func(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
		b, err := c.HoldBackup(ctx, args[0], sdk.HoldBackupRequest{Held: held})
		if err != nil {
			return err
		}
		return printLine(out, "backup %s: held: %s", b.ID, yesNo(b.Held))
	})
}

func (s *session) backupFiles() *cobra.Command {
	var directory, name string
	cmd := s.run("files ID", "List the files in a file backup", cobra.ExactArgs(1),
		func(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
			all, err := c.AllBackupFiles(ctx, args[0], sdk.ListBackupFilesParams{Path: &directory, Q: optional(name)})
			if err != nil {
				return err
			}
			return s.print(out, sdk.BackupFiles{Items: all}, func(t *table) {
				t.kind, t.header = "file", []string{"TYPE", "BYTES", "MODIFIED", "PATH"}
				for _, f := range all {
					t.add(f.Path, f.Type, value(f.Size), f.Mtime.Local().Format(time.DateTime), f.Path)
				}
			})
		})
	cmd.Flags().StringVar(&directory, "path", "/", "directory to list")
	cmd.Flags().StringVar(&name, "search", "", "only files below --path whose name contains this text")
	return cmd
}
