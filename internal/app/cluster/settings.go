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

// StoredSettings are an app's settings as the cluster keeps them, beside the app and its data.
type StoredSettings struct {
	Settings app.Settings
	ETag     string
}

// Keys of the Secret that holds an app's settings.
const (
	settingsKey = "settings.json"
	previousKey = "previous.json"
	taskKey     = "mcm.io/operation" // annotation: who wrote them last
)

// EmptyETag is the ETag of settings that nobody has set.
const EmptyETag = "default"

func settingsName(app string) string { return "mcm-settings-" + app }

// Settings returns what a user has set for the app; nothing set is no error.
func (c *Cluster) Settings(ctx context.Context, app string) (StoredSettings, error) {
	secret, err := c.settingsSecret(ctx, app)
	if err != nil {
		return StoredSettings{}, err
	}
	return decode(secret.Data[settingsKey])
}

// settingsSecret returns the Secret, an empty one with no resource version when there is none.
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
	return secret, c.fail(err)
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

// SaveSettings keeps new settings, and those before for RestoreSettings. It is idempotent by the
// operation; settings that are not those of etag any more are somebody else's: final.
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

// RestoreSettings brings back what the operation replaced; it reports whether there was anything.
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

// removeSettings deletes this very version of the Secret.
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
	return c.fail(err)
}

// put writes the Secret; a change in between is a conflict that the next attempt reads anew.
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
	return c.fail(err)
}

// AllSettings returns what is set for every app, with one list.
func (c *Cluster) AllSettings(ctx context.Context) (map[string]StoredSettings, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	list, err := conn.client.CoreV1().Secrets(catalog.Namespace).List(ctx, metav1.ListOptions{LabelSelector: appLabel})
	if err != nil {
		return nil, c.fail(err)
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
