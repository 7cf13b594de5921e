package cluster

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/fault"
)

const (
	cinderDriver = "cinder.csi.openstack.org"
	appLabel     = "mcm.io/app"
)

func volumeName(app string) string { return "mcm-" + app }

// ClaimName returns the name of the PersistentVolumeClaim that the chart of the app mounts.
func ClaimName(app string) string { return app + "-data" }

// BindVolume creates a PersistentVolume for the Cinder volume and a PersistentVolumeClaim of the app for it. Existing objects
// with the same names remain if they are for the same Cinder volume, and are replaced otherwise.
// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reserving-a-persistentvolume
func (c *Cluster) BindVolume(ctx context.Context, app, volumeID string, sizeGB int) error {
	claimed, err := c.BoundVolume(ctx, app)
	if err != nil {
		return err
	}
	if claimed != "" && claimed != volumeID {
		if err := c.UnbindVolume(ctx, app); err != nil {
			return err
		}
	}
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	pv, pvc := volumeObjects(app, volumeID, sizeGB)
	if _, err := conn.client.CoreV1().PersistentVolumes().Create(ctx, pv, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return c.handleError(err)
	}
	if _, err := conn.client.CoreV1().PersistentVolumeClaims(catalog.Namespace).Create(ctx, pvc, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return c.handleError(err)
	}
	return nil
}

func volumeObjects(app, volumeID string, sizeGB int) (*corev1.PersistentVolume, *corev1.PersistentVolumeClaim) {
	size := corev1.ResourceList{corev1.ResourceStorage: *resource.NewQuantity(int64(sizeGB)<<30, resource.BinarySI)}
	access := []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Labels: map[string]string{appLabel: app, "app.kubernetes.io/managed-by": "mycloudmanager"}}
	}
	noClass := "" // without a storage class, the claim is bound to VolumeName
	pv := &corev1.PersistentVolume{ObjectMeta: meta(volumeName(app)), Spec: corev1.PersistentVolumeSpec{
		Capacity: size, AccessModes: access, PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
		ClaimRef: &corev1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: catalog.Namespace, Name: ClaimName(app)},
		PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{
			Driver: cinderDriver, VolumeHandle: volumeID, FSType: "ext4",
		}},
	}}
	pvc := &corev1.PersistentVolumeClaim{ObjectMeta: meta(ClaimName(app)), Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: access, StorageClassName: &noClass, VolumeName: volumeName(app), Resources: corev1.VolumeResourceRequirements{Requests: size},
	}}
	pvc.Namespace = catalog.Namespace
	return pv, pvc
}

// UnbindVolume deletes the PersistentVolumeClaim and the PersistentVolume of the app, but not the Cinder volume. It returns
// Unavailable while the deletion is in progress, and nil if the objects do not exist.
func (c *Cluster) UnbindVolume(ctx context.Context, app string) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	err = conn.client.CoreV1().PersistentVolumeClaims(catalog.Namespace).Delete(ctx, ClaimName(app), metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return c.handleError(err)
	}
	err = conn.client.CoreV1().PersistentVolumes().Delete(ctx, volumeName(app), metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return c.handleError(err)
	}
	remaining, err := c.BoundVolume(ctx, app)
	if err == nil && remaining != "" {
		return fault.New(fault.Unavailable, nil, "the claim of %s is still being released", app)
	}
	return err
}

// BoundVolumes returns the IDs of the Cinder volumes of the PersistentVolumes, by app, with one list request.
func (c *Cluster) BoundVolumes(ctx context.Context) (map[string]string, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	list, err := conn.client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{LabelSelector: appLabel})
	if err != nil {
		return nil, c.handleError(err)
	}
	out := map[string]string{}
	for _, pv := range list.Items {
		if pv.Spec.CSI != nil {
			out[pv.Labels[appLabel]] = pv.Spec.CSI.VolumeHandle
		}
	}
	return out, nil
}

// BoundVolume returns the ID of the Cinder volume of the PersistentVolume of the app, or "".
func (c *Cluster) BoundVolume(ctx context.Context, app string) (string, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return "", err
	}
	pv, err := conn.client.CoreV1().PersistentVolumes().Get(ctx, volumeName(app), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", c.handleError(err)
	}
	if pv.Spec.CSI == nil {
		return "", nil
	}
	return pv.Spec.CSI.VolumeHandle, nil
}
