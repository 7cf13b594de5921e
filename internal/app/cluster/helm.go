package cluster

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	helmkube "helm.sh/helm/v4/pkg/kube"
	release "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/fault"
)

// taskLabelKey is the label of a Helm revision with the hash of the ID of the task that has created it.
const taskLabelKey = "mcm-task"

// helmTimeout is the timeout of the requests of a Helm action. Helm does not wait until the app is healthy.
const helmTimeout = 90 * time.Second

// Release is one revision of the Helm release of an app.
type Release struct {
	App      string
	Version  string
	Revision int
	Status   string
	Replicas int
	TaskID   string    // result of taskLabel
	At       time.Time // time of the deployment
	Note     string    // description by Helm
}

// Deployed reports whether the release is deployed. The app is then running, or stopped with zero replicas.
func (r Release) Deployed() bool { return r.Status == "deployed" }

// Install is the input of Cluster.Install.
type Install struct {
	App      catalog.App
	Settings app.Settings
	TaskID   string
	Replicas int
}

// getter implements genericclioptions.RESTClientGetter with the shared connection instead of a kubeconfig file.
type getter struct{ *connection }

func (g getter) ToRESTConfig() (*rest.Config, error) { return rest.CopyConfig(g.config), nil }

func (g getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return g.discovery, nil
}

func (g getter) ToRESTMapper() (meta.RESTMapper, error) {
	return restmapper.NewDeferredDiscoveryRESTMapper(g.discovery), nil
}

func (g getter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	context := clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: catalog.Namespace}}
	return clientcmd.NewDefaultClientConfig(*clientcmdapi.NewConfig(), &context)
}

func (c *Cluster) helm(ctx context.Context) (*action.Configuration, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	cfg := action.NewConfiguration(action.ConfigurationSetLogger(slog.NewTextHandler(io.Discard, nil)))
	if err := cfg.Init(getter{conn}, catalog.Namespace, "secrets"); err != nil {
		return nil, fault.New(fault.Internal, err, "helm: %v", err)
	}
	return cfg, nil
}

// Release returns the newest revision of the app, or nil if the app is not installed.
func (c *Cluster) Release(ctx context.Context, app string) (*Release, error) {
	history, err := c.Revisions(ctx, app)
	if err != nil || len(history) == 0 {
		return nil, err
	}
	return &history[0], nil
}

// Revisions returns the revisions of the app, newest first.
func (c *Cluster) Revisions(ctx context.Context, app string) ([]Release, error) {
	cfg, err := c.helm(ctx)
	if err != nil {
		return nil, err
	}
	list, err := cfg.Releases.History(app)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, c.handleError(err)
	}
	var out []Release
	for _, item := range list {
		if r, ok := item.(*release.Release); ok {
			out = append(out, describe(r))
		}
	}
	sortReleases(out)
	return out, nil
}

// Releases returns the newest revision of every installed app, by app, with one list request.
func (c *Cluster) Releases(ctx context.Context) (map[string]Release, error) {
	cfg, err := c.helm(ctx)
	if err != nil {
		return nil, err
	}
	list, err := cfg.Releases.ListReleases()
	if err != nil {
		return nil, c.handleError(err)
	}
	out := map[string]Release{}
	for _, item := range list {
		if r, ok := item.(*release.Release); ok && r.Version > out[r.Name].Revision {
			out[r.Name] = describe(r)
		}
	}
	return out, nil
}

func describe(r *release.Release) Release {
	out := Release{App: r.Name, Revision: r.Version, Status: string(r.Info.Status), TaskID: r.Labels[taskLabelKey],
		At: r.Info.LastDeployed.UTC(), Note: r.Info.Description}
	if r.Chart != nil && r.Chart.Metadata != nil {
		out.Version = r.Chart.Metadata.AppVersion
	}
	if n, ok := r.Config["replicas"].(float64); ok {
		out.Replicas = int(n)
	}
	return out
}

// Install installs or upgrades the release of the app. It is idempotent by the task ID. It first deletes pending revisions:
// they belong to interrupted attempts, because only one operation at a time runs on an app.
func (c *Cluster) Install(ctx context.Context, in Install) error {
	cfg, err := c.helm(ctx)
	if err != nil {
		return err
	}
	label := taskLabel(in.TaskID)
	newest, err := c.dropPendingRevisions(ctx, cfg, in.App.Name)
	if err != nil {
		return err
	}
	if newest != nil && newest.Deployed() && newest.TaskID == label {
		return nil
	}
	ch, err := load(in.App)
	if err != nil {
		return err
	}
	return c.apply(ctx, cfg, ch, in, label, newest != nil)
}

func (c *Cluster) apply(ctx context.Context, cfg *action.Configuration, ch *chart.Chart, in Install, label string, exists bool) error {
	settings := in.App.WithDefaults(in.Settings)
	values := map[string]any{
		"environment": settings.Environment, "parameters": settings.Parameters, "replicas": in.Replicas,
		"volume": map[string]any{"existingClaim": ClaimName(in.App.Name)},
	}
	labels := map[string]string{taskLabelKey: label}
	var err error
	if exists {
		up := action.NewUpgrade(cfg)
		up.Namespace, up.Timeout, up.WaitStrategy, up.Labels = catalog.Namespace, helmTimeout, helmkube.HookOnlyStrategy, labels
		up.ResetValues, up.MaxHistory, up.ServerSideApply, up.ForceConflicts = true, 20, "true", true
		_, err = up.RunWithContext(ctx, in.App.Name, ch, values)
	} else {
		install := action.NewInstall(cfg)
		install.ReleaseName, install.Namespace, install.Timeout = in.App.Name, catalog.Namespace, helmTimeout
		install.WaitStrategy, install.Labels, install.ServerSideApply, install.ForceConflicts = helmkube.HookOnlyStrategy, labels, true, true
		_, err = install.RunWithContext(ctx, ch, values)
	}
	return c.handleError(err)
}

// dropPendingRevisions deletes the revisions of interrupted attempts. It returns the newest revision that Helm can upgrade,
// or nil.
func (c *Cluster) dropPendingRevisions(ctx context.Context, cfg *action.Configuration, app string) (*Release, error) {
	history, err := c.Revisions(ctx, app)
	if err != nil || len(history) == 0 {
		return nil, err
	}
	if !slices.ContainsFunc(history, isUsable) {
		// Helm cannot upgrade from an incomplete first revision. Delete its objects before its record: without the record,
		// the objects could not be found any more.
		return nil, c.remove(cfg, app)
	}
	for _, r := range history {
		if isUsable(r) {
			return &r, nil
		}
		if _, err := cfg.Releases.Delete(app, r.Revision); err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
			return nil, c.handleError(err)
		}
	}
	return nil, nil
}

// isUsable reports whether Helm can upgrade from the revision.
func isUsable(r Release) bool {
	return r.Status == "deployed" || r.Status == "superseded" || (r.Status == "failed" && r.Revision > 1)
}

func load(app catalog.App) (*chart.Chart, error) {
	var files []*archive.BufferedFile
	for _, f := range app.Files {
		files = append(files, &archive.BufferedFile{Name: f.Name, Data: f.Data})
	}
	ch, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fault.New(fault.Internal, err, "the chart of %s: %v", app.Name, err)
	}
	return ch, nil
}
