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

// Endpoint is the address of an app for instances: a node of the cluster, and the ports by name.
type Endpoint struct {
	Host  string
	Ports map[string]int
}

// Endpoint returns the node ports of the app: instances are outside the network of the cluster.
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
		return Endpoint{}, c.fail(err)
	}
	e := Endpoint{Ports: map[string]int{}}
	for name, port := range ports {
		for _, p := range service.Spec.Ports {
			if int(p.Port) == port {
				e.Ports[name] = int(p.NodePort)
			}
		}
		if e.Ports[name] == 0 {
			return e, fault.New(fault.Invalid, nil, "port %d of %s cannot be reached from instances: its Service opens none on the nodes", port, app)
		}
	}
	e.Host, err = conn.nodeAddress(ctx)
	return e, c.fail(err)
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
			// A loopback address of a node cannot be reached from outside the node.
			if ready && a.Type == corev1.NodeInternalIP && !net.ParseIP(a.Address).IsLoopback() {
				return a.Address, nil
			}
		}
	}
	return "", fault.New(fault.Unavailable, nil, "no node of the cluster is ready")
}
