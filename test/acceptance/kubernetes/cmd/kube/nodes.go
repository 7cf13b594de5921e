package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// providerPrefix comes before the Nova id in a node's providerID, as the OpenStack cloud controller writes it.
const providerPrefix = "openstack:///"

// labelReal marks the nodes that have a kubelet.
const labelReal = "mcm.test/real"

// errRestart means that the node's kubelet must be restarted; its exit code is 3.
var errRestart = errors.New("was another server, start its kubelet again")

// waitReady waits until the API serves and has created the default service account.
func waitReady(ctx context.Context, o options) error {
	client, err := o.client()
	if err != nil {
		return err
	}
	return wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, 3*time.Minute, true, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().Namespaces().Get(ctx, "kube-system", meta.GetOptions{})
		return err == nil, nil
	})
}

// ensureNodes creates a simulated node for every NAME that does not exist, sets the Nova server of every
// NAME=SERVER, and waits until all are Ready.
func ensureNodes(ctx context.Context, o options, args []string) error {
	client, err := o.client()
	if err != nil {
		return err
	}
	if err := ensureDriver(ctx, client); err != nil {
		return err
	}
	for _, arg := range args {
		name, server, _ := strings.Cut(arg, "=")
		if err := ensureNode(ctx, client, name, server); err != nil {
			return fmt.Errorf("node %s: %w", name, err)
		}
	}
	return wait.PollUntilContextTimeout(ctx, 300*time.Millisecond, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := client.CoreV1().Nodes().List(ctx, meta.ListOptions{})
		if err != nil {
			return false, nil
		}
		for _, n := range list.Items {
			if !ready(n) {
				return false, nil
			}
		}
		_, err = client.CoreV1().ServiceAccounts("default").Get(ctx, "default", meta.GetOptions{})
		return err == nil, nil
	})
}

// awaitReal waits until the kubelet of a node has registered it, sets its server and waits until it is Ready.
func awaitReal(ctx context.Context, o options, arg string) error {
	client, err := o.client()
	if err != nil {
		return err
	}
	name, _, _ := strings.Cut(arg, "=")
	err = wait.PollUntilContextTimeout(ctx, 300*time.Millisecond, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		n, err := client.CoreV1().Nodes().Get(ctx, name, meta.GetOptions{})
		return err == nil && n.Labels[labelReal] != "", nil
	})
	if err != nil {
		return fmt.Errorf("node %s has not registered: %w", name, err)
	}
	return ensureNodes(ctx, o, []string{arg})
}

// ready reports whether a node's kubelet, real or simulated, has a recent heartbeat.
func ready(n core.Node) bool {
	for _, c := range n.Status.Conditions {
		if c.Type == core.NodeReady {
			return c.Status == core.ConditionTrue
		}
	}
	return false
}

// ensureDriver declares the Cinder driver, as its chart would.
func ensureDriver(ctx context.Context, client kubernetes.Interface) error {
	yes := true
	_, err := client.StorageV1().CSIDrivers().Create(ctx, &storage.CSIDriver{
		ObjectMeta: meta.ObjectMeta{Name: driver},
		Spec:       storage.CSIDriverSpec{AttachRequired: &yes, PodInfoOnMount: &yes},
	}, meta.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func ensureNode(ctx context.Context, client kubernetes.Interface, name, server string) error {
	node, err := client.CoreV1().Nodes().Get(ctx, name, meta.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = client.CoreV1().Nodes().Create(ctx, simulated(name, server), meta.CreateOptions{})
		return err
	}
	if err != nil || server == "" || node.Spec.ProviderID == providerPrefix+server {
		return err
	}
	if node.Spec.ProviderID == "" {
		return patchSpec(ctx, client, name, map[string]any{"providerID": providerPrefix + server})
	}
	// A providerID is immutable: a simulated node is recreated, a real one registers again when its kubelet
	// restarts.
	if err := client.CoreV1().Nodes().Delete(ctx, name, meta.DeleteOptions{}); err != nil {
		return err
	}
	if node.Labels[labelReal] != "" {
		return errRestart
	}
	_, err = client.CoreV1().Nodes().Create(ctx, simulated(name, server), meta.CreateOptions{})
	return err
}

// simulated returns a node for kwok. The annotation makes the controller manager attach volumes to it.
func simulated(name, server string) *core.Node {
	size := core.ResourceList{core.ResourceCPU: resource.MustParse("8"), core.ResourceMemory: resource.MustParse("32Gi"),
		core.ResourcePods: resource.MustParse("110"), core.ResourceEphemeralStorage: resource.MustParse("100Gi")}
	n := &core.Node{
		ObjectMeta: meta.ObjectMeta{Name: name,
			Labels: map[string]string{core.LabelHostname: name, core.LabelOSStable: "linux", core.LabelArchStable: "amd64",
				"type": "kwok"},
			Annotations: map[string]string{"kwok.x-k8s.io/node": "fake",
				"volumes.kubernetes.io/controller-managed-attach-detach": "true"}},
		Status: core.NodeStatus{Capacity: size, Allocatable: size},
	}
	if server != "" {
		n.Spec.ProviderID = providerPrefix + server
	}
	return n
}

// prefer cordons the nodes that new pods should avoid.
func prefer(ctx context.Context, o options, kind string) error {
	client, err := o.client()
	if err != nil {
		return err
	}
	if kind != "real" && kind != "fake" && kind != "all" {
		return errors.New("prefer: real, fake or all")
	}
	list, err := client.CoreV1().Nodes().List(ctx, meta.ListOptions{})
	if err != nil {
		return err
	}
	for _, n := range list.Items {
		isReal := n.Labels[labelReal] != ""
		cordon := kind == "real" && !isReal || kind == "fake" && isReal
		if err := patchSpec(ctx, client, n.Name, map[string]any{"unschedulable": cordon}); err != nil {
			return err
		}
	}
	return nil
}

func patchSpec(ctx context.Context, client kubernetes.Interface, node string, spec map[string]any) error {
	return patchNode(ctx, client, node, map[string]any{"spec": spec})
}

func patchNode(ctx context.Context, client kubernetes.Interface, node string, change map[string]any) error {
	patch, err := json.Marshal(change)
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, meta.PatchOptions{})
	return err
}
