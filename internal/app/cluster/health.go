package cluster

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/platform/i18n"
)

// instanceLabel is the label of all objects of a chart with the name of the release.
const instanceLabel = "app.kubernetes.io/instance"

// Health is the health of an app.
type Health struct {
	Health app.Health
	Reason i18n.Message
	Since  *time.Time // last change of the readiness of a pod, or creation of the app
}

// Health returns the health of one app.
func (c *Cluster) Health(ctx context.Context, name string) (Health, error) {
	all, err := c.listHealth(ctx, instanceLabel+"="+name)
	if err != nil {
		return Health{Health: app.Unknown}, err
	}
	if h, ok := all[name]; ok {
		return h, nil
	}
	return Health{Health: app.Missing, Reason: i18n.Messagef("not installed")}, nil
}

// ListHealth returns the health of all installed apps, by app, with two list requests.
func (c *Cluster) ListHealth(ctx context.Context) (map[string]Health, error) {
	return c.listHealth(ctx, instanceLabel)
}

func (c *Cluster) listHealth(ctx context.Context, selector string) (map[string]Health, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	options := metav1.ListOptions{LabelSelector: selector}
	sets, err := conn.client.AppsV1().StatefulSets(catalog.Namespace).List(ctx, options)
	if err != nil {
		return nil, c.handleError(err)
	}
	pods, err := conn.client.CoreV1().Pods(catalog.Namespace).List(ctx, options)
	if err != nil {
		return nil, c.handleError(err)
	}
	byApp := map[string][]corev1.Pod{}
	for _, p := range pods.Items {
		byApp[p.Labels[instanceLabel]] = append(byApp[p.Labels[instanceLabel]], p)
	}
	out := map[string]Health{}
	for _, s := range sets.Items {
		name := s.Labels[instanceLabel]
		out[name] = assessHealth(s, byApp[name])
	}
	return out, nil
}

// assessHealth derives the health from a StatefulSet and its pods.
func assessHealth(s appsv1.StatefulSet, pods []corev1.Pod) Health {
	replicas := int32(1)
	if s.Spec.Replicas != nil {
		replicas = *s.Spec.Replicas
	}
	since := s.CreationTimestamp.Time
	for _, p := range pods {
		for _, condition := range p.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.LastTransitionTime.After(since) {
				since = condition.LastTransitionTime.Time
			}
		}
	}
	since = since.UTC()
	h := Health{Since: &since}
	switch {
	case replicas == 0 && len(pods) == 0:
		h.Health, h.Reason = app.Suspended, i18n.Messagef("stopped; its volume is kept")
	case replicas == 0:
		h.Health, h.Reason = app.Progressing, i18n.Messagef("stopping")
	case s.Status.ObservedGeneration >= s.Generation && s.Status.ReadyReplicas >= replicas && s.Status.UpdatedReplicas >= replicas:
		h.Health, h.Reason = app.Healthy, i18n.Messagef("serving")
	default:
		h.Health, h.Reason = app.Progressing, i18n.Messagef("%d of %d pods are ready", s.Status.ReadyReplicas, replicas)
		if reason, permanent := podProblem(pods); !reason.IsZero() {
			h.Reason = reason
			if permanent {
				h.Health = app.Degraded
			}
		}
	}
	return h
}

// podProblem returns the reason a pod is not ready, or an empty message. permanent is true if the pod does not become ready without a
// change.
func podProblem(pods []corev1.Pod) (reason i18n.Message, permanent bool) {
	for _, p := range pods {
		for _, condition := range p.Status.Conditions {
			if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
				reason = i18n.Messagef("the pod cannot be scheduled: %s", condition.Message)
			}
		}
		for _, status := range p.Status.ContainerStatuses {
			w := status.State.Waiting
			if w == nil {
				continue
			}
			reason = i18n.Messagef("%s: %s", status.Name, w.Reason)
			if w.Message != "" {
				reason = i18n.Messagef("%s: %s: %s", status.Name, w.Reason, w.Message)
			}
			switch w.Reason {
			case "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "CreateContainerConfigError":
				return reason, true
			}
		}
	}
	return reason, false
}

// Pods returns the number of pods of the app.
func (c *Cluster) Pods(ctx context.Context, name string) (int, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return 0, err
	}
	list, err := conn.client.CoreV1().Pods(catalog.Namespace).List(ctx, metav1.ListOptions{LabelSelector: instanceLabel + "=" + name})
	if err != nil {
		return 0, c.handleError(err)
	}
	return len(list.Items), nil
}
