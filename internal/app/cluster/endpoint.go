package cluster

import (
	"context"
	"net"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/fault"
)

// Endpoint is the address at which instances reach an app: the address of a node, and node ports by name.
type Endpoint struct {
	Host  string
	Ports map[string]int
}

// Endpoint returns the address at which instances reach the app. ports are the ports of the Service of the app, by name.
// The endpoint has node ports, because instances are outside of the cluster network.
// https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport
func (c *Cluster) Endpoint(ctx context.Context, app string, ports map[string]int) (Endpoint, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return Endpoint{}, err
	}
	service, err := conn.client.CoreV1().Services(catalog.Namespace).Get(ctx, app, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return Endpoint{}, fault.New(fault.Conflict, nil, "%s is not installed: launch it first", app)
	}
	if err != nil {
		return Endpoint{}, c.handleError(err)
	}
	e := Endpoint{Ports: map[string]int{}}
	for name, port := range ports {
		for _, p := range service.Spec.Ports {
			if int(p.Port) == port {
				e.Ports[name] = int(p.NodePort)
			}
		}
		if e.Ports[name] == 0 {
			return e, fault.New(fault.Invalid, nil, "port %d of %s cannot be reached from instances: its Service has no node port for it", port, app)
		}
	}
	e.Host, err = conn.nodeAddress(ctx)
	return e, c.handleError(err)
}

// nodeAddress returns the internal address of a ready node.
func (c *connection) nodeAddress(ctx context.Context) (string, error) {
	nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, n := range nodes.Items {
		ready := false
		for _, condition := range n.Status.Conditions {
			ready = ready || condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue
		}
		for _, a := range n.Status.Addresses {
			// Instances cannot reach a loopback address.
			if ready && a.Type == corev1.NodeInternalIP && !net.ParseIP(a.Address).IsLoopback() {
				return a.Address, nil
			}
		}
	}
	return "", fault.New(fault.Unavailable, nil, "no node of the cluster is ready")
}
