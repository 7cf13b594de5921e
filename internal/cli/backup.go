package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/instance"
)

func (s *session) backup() *cobra.Command {
	return group("backup", "Backup plans and backups; PLAN is a name or an id",
		s.run("plans", "Backup plans, with when they run next", cobra.NoArgs, s.planList),
		s.run("plan PLAN", "One backup plan", cobra.ExactArgs(1), s.planShow),
		s.planCreate(),
		s.waiting(s.onPlan("run", "Run a plan now", func(ctx context.Context, c *client, out io.Writer, p plan) error {
			return s.start(ctx, c, out, http.MethodPost, planURL(p.ID, "/run"), nil)
		})),
		s.planPause(),
		s.onPlan("resume", "Let a paused plan run again", func(ctx context.Context, c *client, out io.Writer, p plan) error {
			if err := c.do(ctx, http.MethodPost, planURL(p.ID, "/resume"), nil, nil); err != nil {
				return err
			}
			return say(out, "plan %s: resumed", p.Name)
		}),
		s.planDelete(),
		s.backupList(),
		s.backupVerify(),
		s.backupHold("hold", "Keep a backup whatever its plan says", true),
		s.backupHold("release", "Let a backup go as its plan says", false),
		s.backupFiles(),
		s.backupRestore(),
		backupKey(),
	)
}

func backupURL(id, rest string) string { return "/backups/" + url.PathEscape(id) + rest }

// pages reads every page of a list.
func pages[T any](ctx context.Context, c *client, path string, query url.Values) ([]T, error) {
	all := []T{}
	query.Set("page_size", "500")
	for {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next_page_token"`
		}
		if err := c.do(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		query.Set("page_token", page.Next)
	}
}

func (s *session) backupList() *cobra.Command {
	var instance, plan, method string
	cmd := s.run("list", "Backups, newest first", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
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
		list := struct {
			Items []backup.Backup `json:"items"`
		}{all}
		return s.print(out, list, func(t *tabwriter.Writer) {
			row(t, "ID", "INSTANCE", "PLAN", "METHOD", "CREATED", "BYTES", "CONSISTENCY", "VERIFIED", "HELD")
			for _, b := range all {
				row(t, b.ID, b.InstanceName, b.PlanName, string(b.Method), b.CreatedAt.Local().Format(time.DateTime), fmt.Sprint(b.SizeBytes),
					string(b.Consistency), string(b.VerifyStatus), yesNo(b.Held))
			}
		})
	})
	cmd.Flags().StringVar(&instance, "instance", "", "only of this instance, by name or id")
	cmd.Flags().StringVar(&plan, "plan", "", "only of this plan, by name or id")
	cmd.Flags().StringVar(&method, "method", "", "snapshot or soft")
	return cmd
}

func (s *session) backupVerify() *cobra.Command {
	var body struct {
		Drill bool `json:"restore_test"`
	}
	cmd := s.run("verify ID", "Read a backup and compare it with what was stored", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		return s.start(ctx, c, out, http.MethodPost, backupURL(args[0], "/verify"), body)
	})
	cmd.Flags().BoolVar(&body.Drill, "drill", false, "of a soft backup: restore it to a scratch directory and compare")
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
		return say(out, "backup %s: held %s", b.ID, yesNo(b.Held))
	})
}

func (s *session) backupFiles() *cobra.Command {
	query := url.Values{}
	var dir, text string
	cmd := s.run("files ID", "What a soft backup holds", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		query.Set("path", dir)
		if text != "" {
			query.Set("q", text)
		}
		all, err := pages[backup.BackupFile](ctx, c, backupURL(args[0], "/files"), query)
		if err != nil {
			return err
		}
		list := struct {
			Items []backup.BackupFile `json:"items"`
		}{all}
		return s.print(out, list, func(t *tabwriter.Writer) {
			row(t, "TYPE", "BYTES", "CHANGED", "PATH")
			for _, e := range all {
				row(t, fmt.Sprint(e.Type), fmt.Sprint(e.Size), e.MTime.Local().Format(time.DateTime), e.Path)
			}
		})
	})
	cmd.Flags().StringVar(&dir, "path", "/", "the directory")
	cmd.Flags().StringVar(&text, "search", "", "a part of a name, below the path")
	return cmd
}

func (s *session) backupRestore() *cobra.Command {
	var body struct {
		BackupID string   `json:"backup_id"`
		Paths    []string `json:"paths,omitempty"`
		Target   string   `json:"target,omitempty"`
		Confirm  string   `json:"confirm,omitempty"`
		Beside   string   `json:"new_server_name,omitempty"`
		Flavor   string   `json:"flavor,omitempty"`
		Networks []string `json:"networks,omitempty"`
	}
	cmd := s.run("restore INSTANCE ID", "Restore an instance to a backup: a snapshot replaces its disk or becomes a new server, a soft backup goes to a directory", cobra.ExactArgs(2),
		func(ctx context.Context, c *client, out io.Writer, args []string) error {
			body.BackupID = args[1]
			i, err := c.find(ctx, args[0])
			if err != nil && body.Beside != "" { // one that is gone is known to its backup
				if i, err = c.deletedInstance(ctx, args[0], args[1], err); err != nil {
					return err
				}
			}
			if err != nil {
				return err
			}
			if body.Beside != "" {
				return s.start(ctx, c, out, http.MethodPost, instanceURL(i.ID, "/restore"), body)
			}
			if body.Confirm == "" && backup.MethodOf(args[1]) == backup.Snapshot {
				return fmt.Errorf("the disk of %s would be replaced: say --confirm %s", i.Name, i.Name)
			}
			if body.Confirm == "" && body.Target != "/" {
				body.Confirm = i.ID
			}
			return s.start(ctx, c, out, http.MethodPost, instanceURL(i.ID, "/restore"), body)
		})
	cmd.Flags().StringArrayVar(&body.Paths, "path", nil, "of a soft backup: only this file or directory; may be repeated")
	cmd.Flags().StringVar(&body.Target, "target", "", "of a soft backup: the directory on the instance (default /restore)")
	cmd.Flags().StringVar(&body.Confirm, "confirm", "", "the instance's name: needed where something is replaced")
	cmd.Flags().StringVar(&body.Beside, "beside", "", "of a snapshot: make a new server of this name and leave the instance as it is; it may be gone")
	cmd.Flags().StringVar(&body.Flavor, "flavor", "", "with --beside: its flavor, by name or id (default as the instance's)")
	cmd.Flags().StringArrayVar(&body.Networks, "network", nil, "with --beside: a network, by name or id; may be repeated (default as the instance's)")
	return s.waiting(cmd)
}

// deletedInstance is the instance of a backup that no list of instances has any more; missing is what is said when
// the name is another's.
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
