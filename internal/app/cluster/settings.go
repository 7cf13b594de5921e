package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/fault"
)

// StoredSettings are the settings of an app that are stored on the cluster.
type StoredSettings struct {
	Settings app.Settings
	ETag     string
}

// Keys of the Secret with the settings of an app.
const (
	settingsKey = "settings.json"
	previousKey = "previous.json"
	taskKey     = "mcm.io/task" // annotation with the ID of the task that has written the settings
)

// EmptyETag is the ETag if no settings are stored.
const EmptyETag = "default"

func settingsName(app string) string { return "mcm-settings-" + app }

// Settings returns the stored settings of the app. If none are stored, it returns empty settings with EmptyETag.
func (c *Cluster) Settings(ctx context.Context, app string) (StoredSettings, error) {
	secret, err := c.settingsSecret(ctx, app)
	if err != nil {
		return StoredSettings{}, err
	}
	return decode(secret.Data[settingsKey])
}

// settingsSecret returns the Secret with the settings. If it does not exist, it returns a new Secret without a resource
// version.
func (c *Cluster) settingsSecret(ctx context.Context, app string) (*corev1.Secret, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	secret, err := conn.client.CoreV1().Secrets(catalog.Namespace).Get(ctx, settingsName(app), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: settingsName(app), Namespace: catalog.Namespace,
			Labels: map[string]string{appLabel: app, "app.kubernetes.io/managed-by": "mycloudmanager"}}}, nil
	}
	return secret, c.handleError(err)
}

func decode(raw []byte) (StoredSettings, error) {
	out := StoredSettings{Settings: app.Settings{Environment: map[string]any{}, Parameters: map[string]any{}}}
	if len(raw) == 0 {
		out.ETag = EmptyETag
		return out, nil
	}
	if err := json.Unmarshal(raw, &out.Settings); err != nil {
		return out, fault.New(fault.Internal, err, "the saved settings cannot be read: %v", err)
	}
	canonical, err := json.Marshal(out.Settings)
	if err != nil {
		return out, err
	}
	sum := sha256.Sum256(canonical)
	out.ETag = hex.EncodeToString(sum[:12])
	return out, nil
}

// SaveSettings stores new settings, and the previous settings for RestoreSettings. It is idempotent by the task ID. If etag
// is not "" and is not the ETag of the stored settings, it returns Invalid, which is not retried.
func (c *Cluster) SaveSettings(ctx context.Context, app string, s app.Settings, etag, task string) error {
	secret, err := c.settingsSecret(ctx, app)
	if err != nil {
		return err
	}
	if secret.Annotations[taskKey] == task {
		return nil
	}
	before, err := decode(secret.Data[settingsKey])
	if err != nil {
		return err
	}
	if etag != "" && before.ETag != etag {
		return fault.New(fault.Invalid, nil, "the settings have changed since you read them: read them again")
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	secret.Data = map[string][]byte{settingsKey: raw, previousKey: secret.Data[settingsKey]}
	secret.Annotations = map[string]string{taskKey: task}
	return c.put(ctx, secret)
}

// RestoreSettings restores the settings that the task has replaced. It returns false if the task has not stored the
// current settings.
func (c *Cluster) RestoreSettings(ctx context.Context, app, task string) (bool, error) {
	secret, err := c.settingsSecret(ctx, app)
	if err != nil || secret.Annotations[taskKey] != task {
		return false, err
	}
	if len(secret.Data[previousKey]) == 0 {
		return true, c.removeSettings(ctx, secret)
	}
	secret.Data = map[string][]byte{settingsKey: secret.Data[previousKey]}
	secret.Annotations = map[string]string{taskKey: task + "-undone"}
	return true, c.put(ctx, secret)
}

// removeSettings deletes the Secret if its resource version has not changed.
func (c *Cluster) removeSettings(ctx context.Context, secret *corev1.Secret) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	err = conn.client.CoreV1().Secrets(catalog.Namespace).Delete(ctx, secret.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{ResourceVersion: &secret.ResourceVersion},
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return c.handleError(err)
}

// put creates or updates the Secret. After a concurrent change it returns an error, and the next attempt reads the Secret
// again.
func (c *Cluster) put(ctx context.Context, secret *corev1.Secret) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	secrets := conn.client.CoreV1().Secrets(catalog.Namespace)
	if secret.ResourceVersion == "" {
		_, err = secrets.Create(ctx, secret, metav1.CreateOptions{})
	} else {
		_, err = secrets.Update(ctx, secret, metav1.UpdateOptions{})
	}
	return c.handleError(err)
}

// AllSettings returns the stored settings by app, with one list request.
func (c *Cluster) AllSettings(ctx context.Context) (map[string]StoredSettings, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	list, err := conn.client.CoreV1().Secrets(catalog.Namespace).List(ctx, metav1.ListOptions{LabelSelector: appLabel})
	if err != nil {
		return nil, c.handleError(err)
	}
	out := map[string]StoredSettings{}
	for _, secret := range list.Items {
		saved, err := decode(secret.Data[settingsKey])
		if err != nil {
			return nil, err
		}
		out[secret.Labels[appLabel]] = saved
	}
	return out, nil
}
