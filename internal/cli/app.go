package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/sdk"
)

func (s *session) app() *cobra.Command {
	return group("app", "Manage the apps of the catalogue",
		s.watching(s.run("list", "List the apps of the catalogue with their health", cobra.NoArgs, s.appList)),
		s.watching(s.run("show APP", "Show an app", cobra.ExactArgs(1), s.appShow)),
		s.appLaunch(),
		s.starting("stop APP", "Stop an app", cobra.ExactArgs(1), func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
			return c.StopApp(ctx, args[0])
		}),
		s.appConfigure(),
		s.appUninstall(),
		s.run("revisions APP", "List the Helm revisions of an app", cobra.ExactArgs(1), s.appRevisions),
	)
}

func (s *session) appList(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
	apps, err := c.ListApps(ctx)
	if err != nil {
		return err
	}
	return s.print(out, apps, func(t *table) {
		t.kind, t.header, t.wide = "app", []string{"NAME", "VERSION", "HEALTH", "URL", "TITLE", "REASON"}, 2
		for _, a := range apps.Items {
			t.add(a.Name, a.Name, a.Version, a.Health, a.URL, a.Title, a.Reason)
		}
	})
}

func (s *session) appShow(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
	a, err := c.GetApp(ctx, args[0])
	if err != nil {
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

func (s *session) appRevisions(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
	revisions, err := c.ListAppRevisions(ctx, args[0])
	if err != nil {
		return err
	}
	return s.print(out, revisions, func(t *table) {
		t.kind, t.header = "revision", []string{"REVISION", "VERSION", "STATUS", "UPDATED", "DESCRIPTION"}
		for _, r := range revisions.Items {
			t.add(fmt.Sprint(r.Revision), r.Revision, r.Version, r.Status, r.At.Local().Format(time.DateTime), r.Description)
		}
	})
}

func (s *session) appLaunch() *cobra.Command {
	var (
		version, volume string
		size            int64
	)
	cmd := s.starting("launch APP", "Launch an app with its volume", cobra.ExactArgs(1),
		func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
			return c.LaunchApp(ctx, args[0], sdk.LaunchAppRequest{Version: optional(version), VolumeSizeGB: optional(size),
				VolumeID: optional(volume)})
		})
	cmd.Flags().StringVar(&version, "version", "", "version (default: that of the catalogue)")
	cmd.Flags().Int64Var(&size, "volume-size", 0, "size of a new volume in GB (default: that of the catalogue)")
	cmd.Flags().StringVar(&volume, "volume", "", "ID of a retained volume to use")
	return cmd
}

func (s *session) appConfigure() *cobra.Command {
	var set []string
	cmd := s.starting("configure APP", "Change an app's settings", cobra.ExactArgs(1),
		func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
			return configure(ctx, c, args[0], set, configureInterval)
		})
	cmd.Flags().StringArrayVar(&set, "set", nil, "parameters.name=value or environment.NAME=value; may be repeated")
	_ = cmd.MarkFlagRequired("set")
	return cmd
}

const (
	configureAttempts = 5
	configureInterval = time.Second
)

// configure changes some settings of an app. The manager rejects settings that are based on old ones, which a read may return
// for some seconds after a change: then configure reads them again.
func configure(ctx context.Context, c *sdk.Client, app string, set []string, interval time.Duration) (sdk.Task, error) {
	for attempt := 1; ; attempt++ {
		a, err := c.GetApp(ctx, app)
		if err != nil {
			return sdk.Task{}, err
		}
		for _, assignment := range set {
			if err := assign(&a.Settings, assignment); err != nil {
				return sdk.Task{}, err
			}
		}
		t, err := c.ConfigureApp(ctx, app, a.Etag, a.Settings)
		if p, ok := errors.AsType[*sdk.Problem](err); !ok || p.Status != http.StatusPreconditionFailed || attempt == configureAttempts {
			return t, err
		}
		select {
		case <-ctx.Done():
			return sdk.Task{}, ctx.Err()
		case <-time.After(interval):
		}
	}
}

// assign sets one setting. The value is a number or a boolean where the setting has one now, and text otherwise.
func assign(s *sdk.AppSettings, assignment string) error {
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
	var (
		deleteVolume bool
		confirm      string
	)
	cmd := s.starting("uninstall APP", "Uninstall an app", cobra.ExactArgs(1),
		func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
			return c.UninstallApp(ctx, args[0], sdk.UninstallAppRequest{DeleteVolume: optional(deleteVolume), Confirm: optional(confirm)})
		})
	cmd.Flags().BoolVar(&deleteVolume, "delete-volume", false, "delete the volume with its data too")
	cmd.Flags().StringVar(&confirm, "confirm", "", "name of the app, required with --delete-volume")
	return cmd
}
