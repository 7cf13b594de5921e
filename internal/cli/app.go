package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/app"
)

func (s *session) app() *cobra.Command {
	return group("app", "Apps of the catalogue",
		s.run("list", "The catalogue and how each app stands", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
			var list struct {
				Items []app.App `json:"items"`
			}
			if err := c.do(ctx, http.MethodGet, "/apps", nil, &list); err != nil {
				return err
			}
			return s.print(out, list, func(t *tabwriter.Writer) {
				row(t, "NAME", "TITLE", "VERSION", "HEALTH", "REASON", "URL")
				for _, a := range list.Items {
					row(t, a.Name, a.Title, a.Version, a.Health, a.Reason, a.URL)
				}
			})
		}),
		s.run("show APP", "One app", cobra.ExactArgs(1), s.appShow),
		s.waiting(s.appLaunch()),
		s.waiting(s.run("stop APP", "Stop an app; release and volume stay", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			return s.start(ctx, c, out, http.MethodPost, appURL(args[0], "/stop"), nil)
		})),
		s.waiting(s.appConfigure()),
		s.waiting(s.appUninstall()),
		s.run("revisions APP", "The app's Helm revisions", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			var list struct {
				Items []app.Revision `json:"items"`
			}
			if err := c.do(ctx, http.MethodGet, appURL(args[0], "/revisions"), nil, &list); err != nil {
				return err
			}
			return s.print(out, list, func(t *tabwriter.Writer) {
				row(t, "REVISION", "VERSION", "STATUS", "AT", "DESCRIPTION")
				for _, r := range list.Items {
					row(t, r.Revision, r.Version, r.Status, r.At.Local().Format(time.DateTime), r.Description)
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
	return s.print(out, a, func(t *tabwriter.Writer) {
		row(t, "NAME", a.Name)
		row(t, "TITLE", a.Title)
		row(t, "VERSION", a.Version)
		row(t, "HEALTH", fmt.Sprintf("%s: %s", a.Health, a.Reason))
		row(t, "URL", a.URL)
		if a.Volume != nil {
			row(t, "VOLUME", fmt.Sprintf("%s, %d GB, %s", a.Volume.ID, a.Volume.SizeGB, a.Volume.Status))
		}
		for _, k := range a.RetainedVolumes {
			row(t, "KEPT VOLUME", fmt.Sprintf("%s, %d GB", k.ID, k.SizeGB))
		}
		for half, values := range map[string]map[string]any{"environment": a.Settings.Environment, "parameters": a.Settings.Parameters} {
			for name, v := range values {
				row(t, half+"."+name, v)
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
	cmd.Flags().StringVar(&body.Version, "version", "", "version; default the catalogue's")
	cmd.Flags().IntVar(&body.VolumeSizeGB, "volume-size", 0, "size of a new volume in GB; default the catalogue's")
	cmd.Flags().StringVar(&body.VolumeID, "volume", "", "a kept volume")
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

// assign sets one value: a number or a boolean where the setting has one now, else text.
func assign(s *app.Settings, assignment string) error {
	path, value, ok := strings.Cut(assignment, "=")
	half, name, dotted := strings.Cut(path, ".")
	values := map[string]map[string]any{"environment": s.Environment, "parameters": s.Parameters}[half]
	if !ok || !dotted || values == nil {
		return fmt.Errorf("--set %s: write parameters.name=value or environment.NAME=value", assignment)
	}
	var typed any
	switch values[name].(type) {
	case float64, bool:
		if err := json.Unmarshal([]byte(value), &typed); err != nil {
			return fmt.Errorf("--set %s: %q is not of the setting's type", assignment, value)
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
	cmd := s.run("uninstall APP", "Remove an app; its volume stays unless it is named", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		return s.start(ctx, c, out, http.MethodPost, appURL(args[0], "/uninstall"), body)
	})
	cmd.Flags().BoolVar(&body.DeleteVolume, "delete-volume", false, "delete the volume and its data too")
	cmd.Flags().StringVar(&body.Confirm, "confirm", "", "the app's name, for --delete-volume")
	return cmd
}
