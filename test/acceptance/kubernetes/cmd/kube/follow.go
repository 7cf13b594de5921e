package main

import (
	"context"
	"errors"
	"log"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// labelFollow marks the nodes that represent a server of the stack.
const labelFollow = "mcm.test/follow"

// follower keeps a simulated node for every master and node of the stack, as k3s and the cloud controller
// would: the node is created when the server is active, becomes NotReady when the server stops, and is deleted
// with it.
type follower struct {
	options
	client kubernetes.Interface
	cloud  *cloud
}

func runFollower(ctx context.Context, o options) error {
	client, err := o.client()
	if err != nil {
		return err
	}
	c, err := cloudFromEnv(ctx)
	if err != nil {
		return err
	}
	if c == nil {
		return errors.New("nodes follow the servers of a cloud: set OS_AUTH_URL")
	}
	f := follower{options: o, client: client, cloud: c}
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		if err := f.once(ctx); err != nil && ctx.Err() == nil {
			log.Print("following the servers: ", err)
		}
	}, 2*time.Second)
	return nil
}

func (f follower) once(ctx context.Context) error {
	list, err := f.cloud.stackServers(ctx)
	if err != nil {
		return err
	}
	wanted, ids := map[string]bool{}, map[string]bool{}
	for _, s := range list {
		wanted[s.Name], ids[s.ID] = true, true
		if err := f.node(ctx, s); err != nil {
			return err
		}
	}
	nodes, err := f.client.CoreV1().Nodes().List(ctx, meta.ListOptions{LabelSelector: labelFollow})
	if err != nil {
		return err
	}
	for _, n := range nodes.Items {
		if wanted[n.Name] {
			continue
		}
		if err := f.client.CoreV1().Nodes().Delete(ctx, n.Name, meta.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return f.real(ctx, list, ids)
}

// node creates the server's node and updates its readiness. A server that has never been active has no node
// yet.
func (f follower) node(ctx context.Context, s servers.Server) error {
	active := s.Status == "ACTIVE"
	n, err := f.client.CoreV1().Nodes().Get(ctx, s.Name, meta.GetOptions{})
	if apierrors.IsNotFound(err) && !active {
		return nil
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	if err := ensureNode(ctx, f.client, s.Name, s.ID); err != nil {
		return err
	}
	if n.Labels[labelFollow] != "" && (n.Labels[labelDead] == "") == active {
		return nil
	}
	labels := map[string]any{labelFollow: "true", labelDead: nil}
	if !active {
		labels[labelDead] = "true"
	}
	return patchNode(ctx, f.client, s.Name, map[string]any{"metadata": map[string]any{"labels": labels}})
}

// real assigns the real nodes to the first servers as well; when such a server was deleted, their kubelets
// register again.
func (f follower) real(ctx context.Context, list []servers.Server, ids map[string]bool) error {
	nodes, err := f.client.CoreV1().Nodes().List(ctx, meta.ListOptions{LabelSelector: labelReal})
	if err != nil {
		return err
	}
	for _, n := range nodes.Items {
		server, named := strings.CutPrefix(n.Spec.ProviderID, providerPrefix)
		switch {
		case named && !ids[server]:
			if err := f.client.CoreV1().Nodes().Delete(ctx, n.Name, meta.DeleteOptions{}); err != nil {
				return err
			}
			if err := os.WriteFile(f.path("run", n.Name+".again"), nil, 0o600); err != nil {
				return err
			}
		case !named && len(list) > 0:
			if err := patchSpec(ctx, f.client, n.Name, map[string]any{"providerID": providerPrefix + list[0].ID}); err != nil {
				return err
			}
		}
	}
	return nil
}

// stackServers lists the masters and nodes of the stack, nodes first.
func (c *cloud) stackServers(ctx context.Context) ([]servers.Server, error) {
	pages, err := servers.List(c.compute, servers.ListOpts{}).AllPages(ctx)
	if err != nil {
		return nil, err
	}
	all, err := servers.ExtractServers(pages)
	if err != nil {
		return nil, err
	}
	var found []servers.Server
	for _, s := range all {
		if role := s.Metadata["mcm:role"]; role == "master" || role == "node" {
			found = append(found, s)
		}
	}
	sort.Slice(found, func(i, j int) bool {
		if a, b := found[i].Metadata["mcm:role"], found[j].Metadata["mcm:role"]; a != b {
			return a == "node"
		}
		return found[i].Name < found[j].Name
	})
	return found, nil
}
