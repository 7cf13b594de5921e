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

// Uninstall removes the app's release with everything in it. Absence is fine.
func (c *Cluster) Uninstall(ctx context.Context, app string) error {
	cfg, err := c.helm(ctx)
	if err != nil {
		return err
	}
	return c.remove(cfg, app)
}

// remove deletes what any revision has made, then the records. Helm's own uninstall forgets the release
// when an object could not be looked at, and takes a history that could not be read for none: then
// nobody knows any more what was left.
func (c *Cluster) remove(cfg *action.Configuration, app string) error {
	history, err := cfg.Releases.History(app)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil
	}
	if err != nil {
		return c.fail(err)
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
		made, err := cfg.KubeClient.Build(strings.NewReader(r.Manifest), false)
		if err != nil {
			return c.fail(err)
		}
		all, versions = append(all, made.Difference(all)...), append(versions, r.Version)
	}
	if len(all) > 0 {
		if _, errs := cfg.KubeClient.Delete(all, metav1.DeletePropagationBackground); len(errs) > 0 {
			return c.fail(errors.Join(errs...))
		}
	}
	for _, version := range versions {
		if _, err := cfg.Releases.Delete(app, version); err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
			return c.fail(err)
		}
	}
	return nil
}
