package kube

import (
	"context"
	"errors"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	helmkube "helm.sh/helm/v4/pkg/kube"
	release "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"mycloudmanager/internal/fault"
)

// Uninstall removes the app's release with everything in it. Absence is fine, and what was cut off
// half way is finished by the next call: the release is forgotten last.
func (c *Cluster) Uninstall(ctx context.Context, app string) error {
	cfg, err := c.helm(ctx)
	if err != nil {
		return err
	}
	return c.remove(cfg, app)
}

func (c *Cluster) remove(cfg *action.Configuration, app string) error {
	newest, err := cfg.Releases.Last(app)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil
	}
	if err != nil {
		return c.fail(err)
	}
	r, ok := newest.(*release.Release)
	if !ok {
		return fault.New(fault.Internal, nil, "helm: the release of %s is of an unknown form", app)
	}
	un := action.NewUninstall(cfg)
	// Not IgnoreNotFound: Helm takes any refusal of the history for a release that is gone.
	un.KeepHistory, un.WaitStrategy, un.Timeout, un.DeletionPropagation = true, helmkube.HookOnlyStrategy, helmTimeout, "background"
	if string(r.Info.Status) != uninstalled {
		if _, err := un.Run(app); err != nil {
			return c.fail(err)
		}
	}
	if err := c.sweep(cfg, r); err != nil {
		return err
	}
	return c.purge(cfg, app)
}

const uninstalled = "uninstalled"

// sweep deletes what Helm left of the release: it passes over resources whose owner it could not
// read, without a word.
func (c *Cluster) sweep(cfg *action.Configuration, r *release.Release) error {
	all, err := cfg.KubeClient.Build(strings.NewReader(r.Manifest), false)
	if err != nil {
		return c.fail(err)
	}
	var left helmkube.ResourceList
	for _, info := range all {
		switch err := info.Get(); {
		case apierrors.IsNotFound(err):
		case err != nil:
			return c.fail(err)
		default:
			o, err := meta.Accessor(info.Object)
			if err != nil {
				return c.fail(err)
			}
			if o.GetDeletionTimestamp() == nil {
				left = append(left, info)
			}
		}
	}
	if len(left) == 0 {
		return nil
	}
	_, faults := cfg.KubeClient.Delete(left, "background")
	return c.fail(errors.Join(faults...))
}

// purge forgets the release's revisions.
func (c *Cluster) purge(cfg *action.Configuration, app string) error {
	history, err := cfg.Releases.History(app)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil
	}
	if err != nil {
		return c.fail(err)
	}
	for _, item := range history {
		r, ok := item.(*release.Release)
		if !ok {
			continue
		}
		if _, err := cfg.Releases.Delete(app, r.Version); err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
			return c.fail(err)
		}
	}
	return nil
}
