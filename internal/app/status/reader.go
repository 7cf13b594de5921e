// Package status reads the state of the apps from Helm, the cluster and Cinder. The number of requests does not depend on
// the number of apps.
package status

import (
	"context"
	"sort"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/app/cluster"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// cacheTTL is the time for which a snapshot is reused.
const cacheTTL = time.Second

// Reader reads the state of the apps.
type Reader struct {
	Catalog *catalog.Catalog
	Cluster *cluster.Cluster
	Cloud   *openstack.Cloud

	share singleflight.Group
	mu    sync.Mutex
	last  snapshot
	at    time.Time
}

// snapshot is the state of all apps at a point in time.
type snapshot struct {
	cluster  error // error of the requests to the cluster; NotFound if no cluster exists
	releases map[string]cluster.Release
	healths  map[string]cluster.Health
	settings map[string]cluster.StoredSettings
	claims   map[string]string           // IDs of the Cinder volumes of the claims, by app
	volumes  map[string][]volumes.Volume // by app, newest first
}

// cached returns a snapshot that is at most cacheTTL old.
func (r *Reader) cached(ctx context.Context) (snapshot, error) {
	r.mu.Lock()
	if time.Since(r.at) < cacheTTL {
		defer r.mu.Unlock()
		return r.last, nil
	}
	r.mu.Unlock()
	v, err, _ := r.share.Do("snapshot", func() (any, error) { return r.fresh(context.WithoutCancel(ctx)) })
	l, _ := v.(snapshot)
	return l, err
}

// fresh returns a new snapshot and caches it.
func (r *Reader) fresh(ctx context.Context) (snapshot, error) {
	l, err := r.collect(ctx)
	if err == nil {
		r.mu.Lock()
		r.last, r.at = l, time.Now()
		r.mu.Unlock()
	}
	return l, err
}

func (r *Reader) collect(ctx context.Context) (snapshot, error) {
	var (
		l snapshot
		g errgroup.Group
	)
	g.Go(func() (err error) { l.volumes, err = r.volumes(ctx); return err })
	g.Go(func() (err error) {
		if l.releases, l.cluster = r.Cluster.Releases(ctx); l.cluster != nil {
			return nil
		}
		if l.healths, l.cluster = r.Cluster.ListHealth(ctx); l.cluster != nil {
			return nil
		}
		if l.claims, l.cluster = r.Cluster.BoundVolumes(ctx); l.cluster != nil {
			return nil
		}
		l.settings, l.cluster = r.Cluster.AllSettings(ctx)
		return nil
	})
	return l, g.Wait()
}

func (r *Reader) volumes(ctx context.Context) (map[string][]volumes.Volume, error) {
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.AppVolumes(ctx, "")
	out := map[string][]volumes.Volume{}
	for _, v := range list {
		app := v.Metadata[openstack.AppKey]
		out[app] = append(out[app], v)
	}
	return out, err
}

// List returns all apps of the catalogue.
func (r *Reader) List(ctx context.Context) ([]app.App, error) {
	l, err := r.cached(ctx)
	if err != nil {
		return nil, err
	}
	out := []app.App{}
	for _, a := range r.Catalog.Apps() {
		out = append(out, l.app(a, i18n.Language(ctx)))
	}
	return out, nil
}

// Get returns one app.
func (r *Reader) Get(ctx context.Context, name string) (app.App, error) {
	a, err := r.Catalog.App(name)
	if err != nil {
		return app.App{}, err
	}
	l, err := r.cached(ctx)
	return l.app(a, i18n.Language(ctx)), err
}

// GetFresh returns one app without using the cache, for operations that change the app: another replica may have changed
// the app since the cached snapshot. It returns an error if the cluster does not respond.
func (r *Reader) GetFresh(ctx context.Context, name string) (app.App, error) {
	a, err := r.Catalog.App(name)
	if err != nil {
		return app.App{}, err
	}
	l, err := r.fresh(ctx)
	if err == nil && l.cluster != nil && fault.KindOf(l.cluster) != fault.NotFound {
		err = l.cluster
	}
	return l.app(a, i18n.Language(ctx)), err
}

// app returns an app of the catalogue with its state in the snapshot.
func (l snapshot) app(a catalog.App, lang string) app.App {
	saved, ok := l.settings[a.Name]
	if !ok {
		saved = cluster.StoredSettings{ETag: cluster.EmptyETag}
	}
	out := app.App{
		Name: a.Name, Title: a.Title.In(lang), Category: a.Category.In(lang), Description: a.Description.In(lang), Links: []app.Link{},
		Icon: "/api/v1/apps/" + a.Name + "/icon", Available: l.cluster == nil, Version: a.Version, AvailableVersions: []string{a.Version},
		URL: a.URL(), DNSName: a.DNSName(), RetainedVolumes: []app.RetainedVolume{}, VolumeSizeGB: a.Volume.SizeGB, Settings: a.Masked(a.WithDefaults(saved.Settings)),
		Schema: a.Schema(lang), ETag: saved.ETag, Agent: app.Agent{Supported: a.Agent.Supported},
	}
	for _, link := range a.Links {
		out.Links = append(out.Links, app.Link{Title: link.Title.In(lang), URL: link.URL})
	}
	if c := a.DefaultCredentials; c != nil {
		out.DefaultCredentials = &app.Credentials{Username: c.Username, Password: c.Password}
	}
	l.addHealth(&out)
	out.Reason = out.Reason.Localized(lang)
	l.addVolumes(&out)
	return out
}

func (l snapshot) addHealth(out *app.App) {
	if l.cluster != nil {
		out.Health, out.Reason = app.Unknown, fault.MessageOf(l.cluster)
		if fault.KindOf(l.cluster) == fault.NotFound {
			out.Health = app.Missing
		}
		return
	}
	release, installed := l.releases[out.Name]
	health, ok := l.healths[out.Name]
	switch {
	case !installed && !ok:
		out.Health, out.Reason = app.Missing, i18n.Messagef("not installed")
		return
	case ok:
		out.Health, out.Reason, out.Since = health.Health, health.Reason, health.Since
	default:
		out.Health, out.Reason = app.Degraded, i18n.Messagef("the release has no StatefulSet")
	}
	if !installed {
		return
	}
	out.Revision = release.Revision
	if release.Version != "" {
		out.Version = release.Version
	}
	if !release.Deployed() && out.Health == app.Healthy {
		out.Health, out.Reason = app.Progressing, i18n.Messagef("the release is %s", release.Status)
	}
}

func (l snapshot) addVolumes(out *app.App) {
	for _, v := range l.volumes[out.Name] {
		if v.ID == l.claims[out.Name] {
			out.Volume = &app.Volume{ID: v.ID, SizeGB: v.Size, Status: v.Status}
			if len(v.Attachments) > 0 {
				out.Volume.AttachedTo = v.Attachments[0].ServerID
			}
			continue
		}
		out.RetainedVolumes = append(out.RetainedVolumes, app.RetainedVolume{ID: v.ID, SizeGB: v.Size, CreatedAt: v.CreatedAt.UTC()})
	}
}

// Icon returns the icon of the app.
func (r *Reader) Icon(name string) ([]byte, error) {
	a, err := r.Catalog.App(name)
	return a.Icon, err
}

// Revisions returns the Helm revisions of the app, newest first.
func (r *Reader) Revisions(ctx context.Context, name string) ([]app.Revision, error) {
	if _, err := r.Catalog.App(name); err != nil {
		return nil, err
	}
	out := []app.Revision{}
	list, err := r.Cluster.Revisions(ctx, name)
	if fault.KindOf(err) == fault.NotFound {
		return out, nil
	}
	for _, rev := range list {
		out = append(out, app.Revision{Revision: rev.Revision, Version: rev.Version, Status: rev.Status, At: rev.At, Description: rev.Note})
	}
	return out, err
}

// UpgradeDiff compares the default value, the deployed value and the new value of every setting. version must be "" or the
// version of the catalogue.
func (r *Reader) UpgradeDiff(ctx context.Context, name, version string) ([]app.PlanRow, error) {
	a, err := r.Catalog.App(name)
	if err != nil {
		return nil, err
	}
	if version != "" && version != a.Version {
		return nil, fault.InvalidField("version", "the catalogue has no such version")
	}
	l, err := r.cached(ctx)
	if err != nil {
		return nil, err
	}
	defaults, planned := a.Defaults(), a.Masked(a.WithDefaults(l.settings[name].Settings))
	release, installed := l.releases[name]
	out := []app.PlanRow{{Path: "version", Default: a.Version, New: a.Version}}
	if installed {
		out[0].Deployed = release.Version
	}
	for section, pair := range map[string][2]map[string]any{"environment": {defaults.Environment, planned.Environment}, "parameters": {defaults.Parameters, planned.Parameters}} {
		for field, v := range pair[1] {
			row := app.PlanRow{Path: section + "." + field, Default: pair[0][field], New: v}
			if installed {
				row.Deployed = v
			}
			out = append(out, row)
		}
	}
	sort.Slice(out[1:], func(i, j int) bool { return out[1+i].Path < out[1+j].Path })
	return out, nil
}

// CheckSettings validates new settings. It returns them with the previous secrets instead of masks, and the changes.
func (r *Reader) CheckSettings(ctx context.Context, name string, s app.Settings) (app.Settings, []operation.Change, error) {
	a, err := r.Catalog.App(name)
	if err != nil {
		return s, nil, err
	}
	l, err := r.cached(ctx)
	if err != nil {
		return s, nil, err
	}
	if fault.KindOf(l.cluster).Retryable() {
		return s, nil, l.cluster
	}
	if l.cluster != nil {
		return s, nil, fault.New(fault.Conflict, l.cluster, "settings are stored on the cluster: %s", fault.MessageOf(l.cluster))
	}
	before := l.settings[name].Settings
	plain := a.Unmasked(s, a.WithDefaults(before))
	if err := a.CheckSettings(plain); err != nil {
		return s, nil, err
	}
	return plain, a.Changes(a.WithDefaults(before), a.WithDefaults(plain)), nil
}
