// Package cluster manages apps on the Kubernetes cluster of the stack. It is the only package that imports client-go and
// Helm.
package cluster

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	corev1 "k8s.io/api/core/v1"

	"mycloudmanager/internal/fault"
)

// ConfigProvider provides the client configuration for the cluster.
type ConfigProvider interface {
	// Config returns the current configuration.
	Config(ctx context.Context) (*rest.Config, error)
	// Reset discards cached configurations.
	Reset() error
}

// Cluster is the Kubernetes cluster of the stack.
type Cluster struct {
	Provider ConfigProvider

	mu   sync.Mutex
	conn *connection
}

type connection struct {
	config    *rest.Config
	client    kubernetes.Interface
	discovery discovery.CachedDiscoveryInterface // cached, because Helm needs the twenty requests of a discovery for each action
}

// connect returns the shared connection. It creates a new connection if drop was called.
func (c *Cluster) connect(ctx context.Context) (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		return c.conn, nil
	}
	config, err := c.Provider.Config(ctx)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fault.New(fault.Internal, err, "the kubeconfig cannot be used: %v", err)
	}
	c.conn = &connection{config, client, memory.NewMemCacheClient(client.Discovery())}
	return c.conn, nil
}

// Reset drops the connection and the cached configuration of the provider.
func (c *Cluster) Reset() error {
	c.drop()
	return c.Provider.Reset()
}

func (c *Cluster) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = nil
}

// handleError converts an error of the Kubernetes API to a fault. It drops the connection and the cached discovery if the
// bastion or the credential may have changed.
func (c *Cluster) handleError(err error) error {
	if err == nil {
		return nil
	}
	mapped := Fault(err)
	if k := fault.KindOf(mapped); k == fault.Unavailable || k == fault.Internal {
		c.drop()
	}
	return mapped
}

// Fault converts an error of the Kubernetes API or of Helm to a fault.
func Fault(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	kind := fault.Internal
	switch {
	case apierrors.IsNotFound(err):
		kind = fault.NotFound
	case apierrors.IsConflict(err), apierrors.IsUnauthorized(err), apierrors.IsServerTimeout(err), apierrors.IsTimeout(err),
		apierrors.IsServiceUnavailable(err), apierrors.IsInternalError(err), apierrors.IsTooManyRequests(err), apierrors.IsUnexpectedServerError(err):
		kind = fault.Unavailable // the next attempt reads the object again
	case apierrors.IsForbidden(err):
		kind = fault.Forbidden
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		kind = fault.Invalid
	case apierrors.IsAlreadyExists(err):
		kind = fault.Conflict
	case unreachable(err), isConnectionError(err.Error()):
		kind = fault.Unavailable
	}
	return fault.New(kind, err, "kubernetes: %v", err)
}

func unreachable(err error) bool {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// isConnectionError reports whether the text is that of a temporary error. Helm and its resource builder return errors that
// contain the text of the cause, but do not wrap the cause. An unknown kind is a temporary error too: either the discovery
// has failed, or the CustomResourceDefinition is being installed. Tests of the catalogue cover every kind in a chart.
func isConnectionError(text string) bool {
	for _, part := range []string{"the server is currently unable to handle the request", "no matches for kind", "failed to download openapi", "unable to retrieve the complete list of server APIs",
		": EOF", "unexpected EOF", "connection refused", "connection reset by peer", "i/o timeout", "http2: client connection lost"} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// Info returns the Kubernetes version, the number of ready nodes and the total number of nodes.
func (c *Cluster) Info(ctx context.Context) (version string, ready, total int, err error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return "", 0, 0, err
	}
	v, err := conn.client.Discovery().ServerVersion()
	if err != nil {
		return "", 0, 0, c.handleError(err)
	}
	nodes, err := conn.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", 0, 0, c.handleError(err)
	}
	for _, n := range nodes.Items {
		if nodeReady(n) {
			ready++
		}
	}
	return v.GitVersion, ready, len(nodes.Items), nil
}

func nodeReady(n corev1.Node) bool {
	for _, condition := range n.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Attachments returns the number of volumes that are attached to nodes.
func (c *Cluster) Attachments(ctx context.Context) (int, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return 0, err
	}
	list, err := conn.client.StorageV1().VolumeAttachments().List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, c.handleError(err)
	}
	return len(list.Items), nil
}
