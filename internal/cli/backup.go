package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/instance"
)

func (s *session) backup() *cobra.Command {
	return group("backup", "Manage backups and backup plans",
		s.backupPlan(),
		s.backupList(),
		s.watching(s.run("show ID", "Show a backup", cobra.ExactArgs(1), s.backupShow)),
		s.waiting(s.backupDelete()),
		s.backupVerify(),
		s.backupHold("hold", "Hold a backup: retention does not delete it", true),
		s.backupHold("release", "Release a held backup", false),
		s.backupFiles(),
		s.backupRestore(),
		backupKey(),
	)
}

func backupURL(id, rest string) string { return "/backups/" + url.PathEscape(id) + rest }

func (s *session) backupList() *cobra.Command {
	var instance, plan, method string
	cmd := s.run("list", "List backups, newest first", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
		query := url.Values{}
		if instance != "" {
			i, err := c.find(ctx, instance)
			if err != nil {
				return err
			}
			query.Set("instance", i.ID)
		}
		if plan != "" {
			p, err := c.plan(ctx, plan)
			if err != nil {
				return err
			}
			query.Set("plan", p.ID)
		}
		if method != "" {
			query.Set("method", method)
		}
		all, err := pages[backup.Backup](ctx, c, "/backups", query)
		if err != nil {
			return err
		}
		return s.print(out, list[backup.Backup]{all}, func(t *table) {
			t.kind, t.header, t.wide = "backup", []string{"ID", "INSTANCE", "PLAN", "METHOD", "CREATED", "BYTES", "VERIFIED", "HELD", "CONSISTENCY", "TASK"}, 2
			for _, b := range all {
				t.add(b.ID, b.ID, b.InstanceName, b.PlanName, b.Method, b.CreatedAt.Local().Format(time.DateTime), b.SizeBytes, b.VerifyStatus, yesNo(b.Held), b.Consistency, b.Task)
			}
		})
	})
	cmd.Flags().StringVar(&instance, "instance", "", "only backups of this instance, by name or ID")
	cmd.Flags().StringVar(&plan, "plan", "", "only backups of this plan, by name or ID")
	cmd.Flags().StringVar(&method, "method", "", "only backups by this method: snapshot or soft (files)")
	return s.watching(cmd)
}

func (s *session) backupShow(ctx context.Context, c *client, out io.Writer, args []string) error {
	var b backup.Backup
	if err := c.do(ctx, http.MethodGet, backupURL(args[0], ""), nil, &b); err != nil {
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
		t.field("VERIFIED", strings.TrimSpace(string(b.VerifyStatus)+" "+b.VerifyDetail))
		t.field("HELD", yesNo(b.Held))
		t.field("TASK", b.Task)
	})
}

func (s *session) backupDelete() *cobra.Command {
	var confirm string
	cmd := s.run("delete ID", "Delete a backup", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		if confirm != args[0] {
			return fmt.Errorf("a deleted backup cannot be restored: confirm with --confirm %s", args[0])
		}
		return s.start(ctx, c, out, http.MethodDelete, backupURL(args[0], ""), nil)
	})
	cmd.Flags().StringVar(&confirm, "confirm", "", "ID of the backup, required")
	return cmd
}

func (s *session) backupVerify() *cobra.Command {
	var body struct {
		RestoreTest bool `json:"restore_test"`
	}
	cmd := s.run("verify ID", "Verify a backup", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		return s.start(ctx, c, out, http.MethodPost, backupURL(args[0], "/verify"), body)
	})
	cmd.Flags().BoolVar(&body.RestoreTest, "restore-test", false, "file backups: also restore to a scratch directory on the instance and compare")
	return s.waiting(cmd)
}

func (s *session) backupHold(name, short string, held bool) *cobra.Command {
	return s.run(name+" ID", short, cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		body := struct {
			Held bool `json:"held"`
		}{held}
		var b backup.Backup
		if err := c.do(ctx, http.MethodPut, backupURL(args[0], "/hold"), body, &b); err != nil {
			return err
		}
		return printLine(out, "backup %s: held: %s", b.ID, yesNo(b.Held))
	})
}

func (s *session) backupFiles() *cobra.Command {
	query := url.Values{}
	var dir, text string
	cmd := s.run("files ID", "List the files in a file backup", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		query.Set("path", dir)
		if text != "" {
			query.Set("q", text)
		}
		all, err := pages[backup.FileEntry](ctx, c, backupURL(args[0], "/files"), query)
		if err != nil {
			return err
		}
		return s.print(out, list[backup.FileEntry]{all}, func(t *table) {
			t.kind, t.header = "file", []string{"TYPE", "BYTES", "MODIFIED", "PATH"}
			for _, f := range all {
				t.add(f.Path, f.Type, f.Size, f.MTime.Local().Format(time.DateTime), f.Path)
			}
		})
	})
	cmd.Flags().StringVar(&dir, "path", "/", "directory to list")
	cmd.Flags().StringVar(&text, "search", "", "only files below --path whose name contains this text")
	return cmd
}

func (s *session) backupRestore() *cobra.Command {
	var body struct {
		BackupID  string   `json:"backup_id"`
		Paths     []string `json:"paths,omitempty"`
		Target    string   `json:"target,omitempty"`
		Confirm   string   `json:"confirm,omitempty"`
		NewServer string   `json:"new_server_name,omitempty"`
		Flavor    string   `json:"flavor,omitempty"`
		Networks  []string `json:"networks,omitempty"`
	}
	cmd := s.run("restore INSTANCE ID", "Restore a backup", cobra.ExactArgs(2),
		func(ctx context.Context, c *client, out io.Writer, args []string) error {
			body.BackupID = args[1]
			i, err := c.find(ctx, args[0])
			if err != nil && body.NewServer != "" { // a deleted instance is found through its backup
				if i, err = c.deletedInstance(ctx, args[0], args[1], err); err != nil {
					return err
				}
			}
			if err != nil {
				return err
			}
			if body.NewServer != "" {
				return s.start(ctx, c, out, http.MethodPost, instanceURL(i.ID, "/restore"), body)
			}
			if body.Confirm == "" && backup.MethodOf(args[1]) == backup.Snapshot {
				return fmt.Errorf("the disk of %s would be replaced: confirm with --confirm %s", i.Name, i.Name)
			}
			if body.Confirm == "" && body.Target != "/" {
				body.Confirm = i.ID
			}
			return s.start(ctx, c, out, http.MethodPost, instanceURL(i.ID, "/restore"), body)
		})
	cmd.Flags().StringArrayVar(&body.Paths, "path", nil, "file backups: restore only this file or directory; may be repeated")
	cmd.Flags().StringVar(&body.Target, "target", "", "file backups: directory on the instance (default /restore)")
	cmd.Flags().StringVar(&body.Confirm, "confirm", "", "name of the instance, required where data is replaced")
	cmd.Flags().StringVar(&body.NewServer, "new-server", "", "snapshots: create a server with this name and leave the instance as it is; the instance may be deleted")
	cmd.Flags().StringVar(&body.Flavor, "flavor", "", "with --new-server: flavor, by name or ID (default: that of the instance)")
	cmd.Flags().StringArrayVar(&body.Networks, "network", nil, "with --new-server: network, by name or ID; may be repeated (default: those of the instance)")
	return s.waiting(cmd)
}

// deletedInstance returns the deleted instance that a backup was made of, or missing when name is not the name or ID of
// that instance.
func (c *client) deletedInstance(ctx context.Context, name, id string, missing error) (instance.Instance, error) {
	var b backup.Backup
	if err := c.do(ctx, http.MethodGet, backupURL(id, ""), nil, &b); err != nil {
		return instance.Instance{}, err
	}
	if name != b.Instance && name != b.InstanceName {
		return instance.Instance{}, missing
	}
	return instance.Instance{ID: b.Instance, Name: b.InstanceName}, nil
}
