package main

import (
	"context"
	"fmt"
	"log"
	"slices"
	"strings"
	"time"

	storage "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// driver is the name of the Cinder CSI driver, whose controller the attacher plays.
const driver = "cinder.csi.openstack.org"

const finalizer = "external-attacher/cinder-csi-openstack-org"

// attacher makes VolumeAttachments true: the Cinder volume of the PersistentVolume is attached to the Nova server of
// the node. Without OpenStack it says so of every volume at once.
type attacher struct {
	client kubernetes.Interface
	cloud  *cloud // nil without OpenStack
}

// runAttacher looks at all attachments every second: there are few, and looking again is what heals.
func runAttacher(ctx context.Context, o options) error {
	client, err := o.client()
	if err != nil {
		return err
	}
	a := attacher{client: client}
	if a.cloud, err = cloudFromEnv(ctx); err != nil {
		return fmt.Errorf("openstack: %w", err)
	}
	wait.UntilWithContext(ctx, a.all, time.Second)
	return nil
}

func (a attacher) all(ctx context.Context) {
	list, err := a.client.StorageV1().VolumeAttachments().List(ctx, meta.ListOptions{})
	if err != nil {
		log.Print("listing volume attachments: ", err)
		return
	}
	for i := range list.Items {
		va := &list.Items[i]
		if va.Spec.Attacher != driver {
			continue
		}
		if err := a.one(ctx, va); err != nil && !apierrors.IsConflict(err) {
			log.Printf("volume attachment %s: %v", va.Name, err)
		}
	}
}

func (a attacher) one(ctx context.Context, va *storage.VolumeAttachment) error {
	switch {
	case va.DeletionTimestamp != nil && slices.Contains(va.Finalizers, finalizer):
		return a.detach(ctx, va)
	case va.DeletionTimestamp == nil && !va.Status.Attached:
		return a.attach(ctx, va)
	}
	return nil
}

func (a attacher) attach(ctx context.Context, va *storage.VolumeAttachment) error {
	if !slices.Contains(va.Finalizers, finalizer) {
		va.Finalizers = append(va.Finalizers, finalizer)
		made, err := a.client.StorageV1().VolumeAttachments().Update(ctx, va, meta.UpdateOptions{})
		if err != nil {
			return err
		}
		va = made
	}
	cause := a.inCloud(ctx, va, (*cloud).attach)
	va.Status.Attached = cause == nil
	va.Status.AttachError = volumeError(cause)
	_, err := a.client.StorageV1().VolumeAttachments().UpdateStatus(ctx, va, meta.UpdateOptions{})
	return err
}

func (a attacher) detach(ctx context.Context, va *storage.VolumeAttachment) error {
	if cause := a.inCloud(ctx, va, (*cloud).detach); cause != nil {
		va.Status.DetachError = volumeError(cause)
		_, err := a.client.StorageV1().VolumeAttachments().UpdateStatus(ctx, va, meta.UpdateOptions{})
		return err
	}
	va.Finalizers = slices.DeleteFunc(va.Finalizers, func(f string) bool { return f == finalizer })
	_, err := a.client.StorageV1().VolumeAttachments().Update(ctx, va, meta.UpdateOptions{})
	return err
}

// inCloud does something with the volume and the server that the attachment means. What exists only in Kubernetes (a
// node without a server, any volume without OpenStack) needs nothing done.
func (a attacher) inCloud(ctx context.Context, va *storage.VolumeAttachment,
	do func(*cloud, context.Context, string, string) error) error {
	if a.cloud == nil || va.Spec.Source.PersistentVolumeName == nil {
		return nil
	}
	pv, err := a.client.CoreV1().PersistentVolumes().Get(ctx, *va.Spec.Source.PersistentVolumeName, meta.GetOptions{})
	if err != nil {
		return err
	}
	node, err := a.client.CoreV1().Nodes().Get(ctx, va.Spec.NodeName, meta.GetOptions{})
	if err != nil {
		return err
	}
	server, ok := strings.CutPrefix(node.Spec.ProviderID, providerPrefix)
	if !ok {
		return fmt.Errorf("node %s names no server: providerID %q", node.Name, node.Spec.ProviderID)
	}
	return do(a.cloud, ctx, server, pv.Spec.CSI.VolumeHandle)
}

func volumeError(err error) *storage.VolumeError {
	if err == nil {
		return nil
	}
	return &storage.VolumeError{Time: meta.Now(), Message: err.Error()}
}
