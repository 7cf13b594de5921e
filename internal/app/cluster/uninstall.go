package cluster

import (
	"context"
	"errors"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	helmkube "helm.sh/helm/v4/pkg/kube"
	release "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Uninstall deletes the Helm release of the app and all its objects. It succeeds if they do not exist.
func (c *Cluster) Uninstall(ctx context.Context, app string) error {
	cfg, err := c.helm(ctx)
	if err != nil {
		return err
	}
	return c.remove(cfg, app)
}

// remove deletes the objects of all revisions, and then the release records. The uninstall action of Helm is not used: it
// deletes the record even if it could not read an object, and treats an unreadable history as empty. The remaining objects
// could then not be found any more.
func (c *Cluster) remove(cfg *action.Configuration, app string) error {
	history, err := cfg.Releases.History(app)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil
	}
	if err != nil {
		return c.handleError(err)
	}
	var (
		all      helmkube.ResourceList
		versions []int
	)
	for _, item := range history {
		r, ok := item.(*release.Release)
		if !ok {
			continue
		}
		objects, err := cfg.KubeClient.Build(strings.NewReader(r.Manifest), false)
		if err != nil {
			return c.handleError(err)
		}
		all, versions = append(all, objects.Difference(all)...), append(versions, r.Version)
	}
	if len(all) > 0 {
		if _, errs := cfg.KubeClient.Delete(all, metav1.DeletePropagationBackground); len(errs) > 0 {
			return c.handleError(errors.Join(errs...))
		}
	}
	for _, version := range versions {
		if _, err := cfg.Releases.Delete(app, version); err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
			return c.handleError(err)
		}
	}
	return nil
}
