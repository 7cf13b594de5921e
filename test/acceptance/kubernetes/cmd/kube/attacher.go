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

// driver is the Cinder CSI driver, whose controller the attacher implements.
const driver = "cinder.csi.openstack.org"

const finalizer = "external-attacher/cinder-csi-openstack-org"

// attacher reconciles VolumeAttachments: it attaches the Cinder volume of the PersistentVolume to the Nova
// server of the node. Without OpenStack it marks every volume as attached.
type attacher struct {
	client kubernetes.Interface
	cloud  *cloud // nil without OpenStack
}

// runAttacher reconciles all attachments every second. There are few, and repetition recovers from errors.
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
	used := map[string]bool{}
	for i := range list.Items {
		va := &list.Items[i]
		if va.Spec.Attacher != driver || va.Spec.Source.PersistentVolumeName == nil {
			continue
		}
		used[*va.Spec.Source.PersistentVolumeName] = true
		if err := a.one(ctx, va); err != nil && !apierrors.IsConflict(err) {
			log.Printf("volume attachment %s: %v", va.Name, err)
		}
	}
	if err := a.release(ctx, used); err != nil && !apierrors.IsConflict(err) {
		log.Print("releasing volumes: ", err)
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

// release removes the finalizer of PersistentVolumes that are being deleted and attached nowhere.
func (a attacher) release(ctx context.Context, used map[string]bool) error {
	list, err := a.client.CoreV1().PersistentVolumes().List(ctx, meta.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		pv := &list.Items[i]
		if pv.DeletionTimestamp == nil || used[pv.Name] || !slices.Contains(pv.Finalizers, finalizer) {
			continue
		}
		pv.Finalizers = without(pv.Finalizers)
		if _, err := a.client.CoreV1().PersistentVolumes().Update(ctx, pv, meta.UpdateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func (a attacher) attach(ctx context.Context, va *storage.VolumeAttachment) error {
	va, err := a.claim(ctx, va)
	if err != nil {
		return err
	}
	place, cause := a.find(ctx, va)
	if cause == nil && a.cloud != nil {
		cause = a.cloud.attach(ctx, place[keyServer], place[keyVolume])
	}
	va.Status = storage.VolumeAttachmentStatus{Attached: cause == nil, AttachError: volumeError(cause)}
	if cause == nil {
		va.Status.AttachmentMetadata = place
	}
	_, err = a.client.StorageV1().VolumeAttachments().UpdateStatus(ctx, va, meta.UpdateOptions{})
	return err
}

// claim adds our finalizer to the attachment and its volume: both are kept until the volume is detached.
func (a attacher) claim(ctx context.Context, va *storage.VolumeAttachment) (*storage.VolumeAttachment, error) {
	pv, err := a.client.CoreV1().PersistentVolumes().Get(ctx, *va.Spec.Source.PersistentVolumeName, meta.GetOptions{})
	if err != nil {
		return nil, err
	}
	if !slices.Contains(pv.Finalizers, finalizer) {
		pv.Finalizers = append(pv.Finalizers, finalizer)
		if _, err := a.client.CoreV1().PersistentVolumes().Update(ctx, pv, meta.UpdateOptions{}); err != nil {
			return nil, err
		}
	}
	if slices.Contains(va.Finalizers, finalizer) {
		return va, nil
	}
	va.Finalizers = append(va.Finalizers, finalizer)
	return a.client.StorageV1().VolumeAttachments().Update(ctx, va, meta.UpdateOptions{})
}

func (a attacher) detach(ctx context.Context, va *storage.VolumeAttachment) error {
	if place := va.Status.AttachmentMetadata; place[keyServer] != "" && a.cloud != nil {
		if cause := a.cloud.detach(ctx, place[keyServer], place[keyVolume]); cause != nil {
			va.Status.DetachError = volumeError(cause)
			_, err := a.client.StorageV1().VolumeAttachments().UpdateStatus(ctx, va, meta.UpdateOptions{})
			return err
		}
	}
	va.Finalizers = without(va.Finalizers)
	_, err := a.client.StorageV1().VolumeAttachments().Update(ctx, va, meta.UpdateOptions{})
	return err
}

// Annotations of an attachment: the node may no longer exist when the volume is detached.
const (
	keyServer = "server"
	keyVolume = "volume"
)

// find returns the volume and the server of an attachment; without OpenStack a node needs no server.
func (a attacher) find(ctx context.Context, va *storage.VolumeAttachment) (map[string]string, error) {
	pv, err := a.client.CoreV1().PersistentVolumes().Get(ctx, *va.Spec.Source.PersistentVolumeName, meta.GetOptions{})
	if err != nil {
		return nil, err
	}
	node, err := a.client.CoreV1().Nodes().Get(ctx, va.Spec.NodeName, meta.GetOptions{})
	if err != nil {
		return nil, err
	}
	server, ok := strings.CutPrefix(node.Spec.ProviderID, providerPrefix)
	if !ok && a.cloud != nil {
		return nil, fmt.Errorf("node %s names no server: providerID %q", node.Name, node.Spec.ProviderID)
	}
	return map[string]string{keyServer: server, keyVolume: pv.Spec.CSI.VolumeHandle}, nil
}

func without(finalizers []string) []string {
	return slices.DeleteFunc(finalizers, func(f string) bool { return f == finalizer })
}

func volumeError(err error) *storage.VolumeError {
	if err == nil {
		return nil
	}
	return &storage.VolumeError{Time: meta.Now(), Message: err.Error()}
}
