package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/app"
)

func (s *session) app() *cobra.Command {
	return group("app", "Manage the apps of the catalogue",
		s.watching(s.run("list", "List the apps of the catalogue with their health", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
			var apps list[app.App]
			if err := c.do(ctx, http.MethodGet, "/apps", nil, &apps); err != nil {
				return err
			}
			return s.print(out, apps, func(t *table) {
				t.kind, t.header, t.wide = "app", []string{"NAME", "VERSION", "HEALTH", "URL", "TITLE", "REASON"}, 2
				for _, a := range apps.Items {
					t.add(a.Name, a.Name, a.Version, a.Health, a.URL, a.Title, a.Reason)
				}
			})
		})),
		s.watching(s.run("show APP", "Show an app", cobra.ExactArgs(1), s.appShow)),
		s.waiting(s.appLaunch()),
		s.waiting(s.run("stop APP", "Stop an app", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			return s.start(ctx, c, out, http.MethodPost, appURL(args[0], "/stop"), nil)
		})),
		s.waiting(s.appConfigure()),
		s.waiting(s.appUninstall()),
		s.run("revisions APP", "List the Helm revisions of an app", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			var revisions list[app.Revision]
			if err := c.do(ctx, http.MethodGet, appURL(args[0], "/revisions"), nil, &revisions); err != nil {
				return err
			}
			return s.print(out, revisions, func(t *table) {
				t.kind, t.header = "revision", []string{"REVISION", "VERSION", "STATUS", "UPDATED", "DESCRIPTION"}
				for _, r := range revisions.Items {
					t.add(fmt.Sprint(r.Revision), r.Revision, r.Version, r.Status, r.At.Local().Format(time.DateTime), r.Description)
				}
			})
		}),
	)
}

func appURL(app, rest string) string { return "/apps/" + url.PathEscape(app) + rest }

func (s *session) appShow(ctx context.Context, c *client, out io.Writer, args []string) error {
	var a app.App
	if err := c.do(ctx, http.MethodGet, appURL(args[0], ""), nil, &a); err != nil {
		return err
	}
	return s.print(out, a, func(t *table) {
		t.kind, t.ids = "app", []string{a.Name}
		t.field("NAME", a.Name)
		t.field("TITLE", a.Title)
		t.field("VERSION", a.Version)
		t.field("HEALTH", fmt.Sprintf("%s: %s", a.Health, a.Reason))
		t.field("URL", a.URL)
		if a.Volume != nil {
			t.field("VOLUME", fmt.Sprintf("%s, %d GB, %s", a.Volume.ID, a.Volume.SizeGB, a.Volume.Status))
		}
		for _, k := range a.RetainedVolumes {
			t.field("RETAINED VOLUME", fmt.Sprintf("%s, %d GB", k.ID, k.SizeGB))
		}
		for _, section := range []struct {
			name   string
			values map[string]any
		}{{"environment", a.Settings.Environment}, {"parameters", a.Settings.Parameters}} {
			for _, name := range slices.Sorted(maps.Keys(section.values)) {
				t.field(section.name+"."+name, section.values[name])
			}
		}
	})
}

func (s *session) appLaunch() *cobra.Command {
	var body struct {
		Version      string `json:"version,omitempty"`
		VolumeSizeGB int    `json:"volume_size_gb,omitempty"`
		VolumeID     string `json:"volume_id,omitempty"`
	}
	cmd := s.run("launch APP", "Launch an app with its volume", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		return s.start(ctx, c, out, http.MethodPost, appURL(args[0], "/launch"), body)
	})
	cmd.Flags().StringVar(&body.Version, "version", "", "version (default: that of the catalogue)")
	cmd.Flags().IntVar(&body.VolumeSizeGB, "volume-size", 0, "size of a new volume in GB (default: that of the catalogue)")
	cmd.Flags().StringVar(&body.VolumeID, "volume", "", "ID of a retained volume to use")
	return cmd
}

func (s *session) appConfigure() *cobra.Command {
	var set []string
	cmd := s.run("configure APP", "Change an app's settings", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		var a app.App
		if err := c.do(ctx, http.MethodGet, appURL(args[0], ""), nil, &a); err != nil {
			return err
		}
		for _, assignment := range set {
			if err := assign(&a.Settings, assignment); err != nil {
				return err
			}
		}
		return s.start(ctx, c, out, http.MethodPut, appURL(args[0], "/settings"), a.Settings)
	})
	cmd.Flags().StringArrayVar(&set, "set", nil, "parameters.name=value or environment.NAME=value; may be repeated")
	_ = cmd.MarkFlagRequired("set")
	return cmd
}

// assign sets one setting. The value is a number or a boolean where the setting has one now, and text otherwise.
func assign(s *app.Settings, assignment string) error {
	path, value, ok := strings.Cut(assignment, "=")
	section, name, dotted := strings.Cut(path, ".")
	values := map[string]map[string]any{"environment": s.Environment, "parameters": s.Parameters}[section]
	if !ok || !dotted || values == nil {
		return fmt.Errorf("--set %s: use parameters.name=value or environment.NAME=value", assignment)
	}
	var typed any
	switch values[name].(type) {
	case float64, bool:
		if err := json.Unmarshal([]byte(value), &typed); err != nil {
			return fmt.Errorf("--set %s: %q does not have the type of the setting", assignment, value)
		}
		values[name] = typed
	default:
		values[name] = value
	}
	return nil
}

func (s *session) appUninstall() *cobra.Command {
	var body struct {
		DeleteVolume bool   `json:"delete_volume,omitempty"`
		Confirm      string `json:"confirm,omitempty"`
	}
	cmd := s.run("uninstall APP", "Uninstall an app", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		return s.start(ctx, c, out, http.MethodPost, appURL(args[0], "/uninstall"), body)
	})
	cmd.Flags().BoolVar(&body.DeleteVolume, "delete-volume", false, "delete the volume with its data too")
	cmd.Flags().StringVar(&body.Confirm, "confirm", "", "name of the app, required with --delete-volume")
	return cmd
}
