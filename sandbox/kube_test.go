package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/kube"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"mycloudmanager/sandbox/sandboxtest"
)

var small = map[string]any{"image": "Debian 12", "external_network": "public", "k3s_token": "0123456789abcdef",
	"manager_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKl mcm", "masters": 1, "nodes": 1, "etcd": 0}

// cluster deploys a small stack and returns clients for its cluster.
func cluster(t *testing.T) (*sandboxtest.Cloud, *rest.Config, *kubernetes.Clientset) {
	t.Helper()
	c := sandboxtest.Start(t)
	client := heatClient(t, c)
	require.Equal(t, "CREATE_COMPLETE", awaitStack(t, client, "toolbox", createToolbox(t, client, small)).Status)
	var raw []byte
	require.Eventually(t, func() bool {
		resp, err := http.Get(c.URL + "/_control/kubeconfig")
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode == http.StatusOK {
			raw = c.Control(t, http.MethodGet, "/kubeconfig", "")
		}
		return raw != nil
	}, 30*time.Second, 10*time.Millisecond)
	config, err := clientcmd.RESTConfigFromKubeConfig(raw)
	require.NoError(t, err)
	file, err := clientcmd.Load(raw)
	require.NoError(t, err)
	config.BearerToken, config.QPS = file.AuthInfos["default"].Token, -1 // the loader omits credentials for plain HTTP
	k, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		nodes, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		return len(nodes.Items) == 2
	}, 30*time.Second, 10*time.Millisecond)
	return c, config, k
}

func claim(t *testing.T, c *sandboxtest.Cloud, k *kubernetes.Clientset, app string) (volume string) {
	t.Helper()
	volume = c.Raw(t, "demo", http.MethodPost, "/volume/v3/"+c.Project(t, "demo")+"/volumes",
		`{"volume":{"size":5,"name":"`+app+`","metadata":{"mcm:app":"`+app+`"}}}`)["volume"].(map[string]any)["id"].(string)
	size := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("5Gi")}
	none := ""
	_, err := k.CoreV1().PersistentVolumes().Create(t.Context(), &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "mcm-" + app},
		Spec: corev1.PersistentVolumeSpec{Capacity: size, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			ClaimRef:                      &corev1.ObjectReference{Namespace: "default", Name: app + "-data"},
			PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{
				Driver: "cinder.csi.openstack.org", VolumeHandle: volume, FSType: "ext4"}}}}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = k.CoreV1().PersistentVolumeClaims("default").Create(t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: app + "-data"},
		Spec: corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			StorageClassName: &none, VolumeName: "mcm-" + app, Resources: corev1.VolumeResourceRequirements{Requests: size}}}, metav1.CreateOptions{})
	require.NoError(t, err)
	return volume
}

const webChart = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: {{ .Release.Name }}, labels: {app.kubernetes.io/instance: {{ .Release.Name }}}}
spec:
  serviceName: {{ .Release.Name }}
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: {{ .Values.image }}, volumeMounts: [{name: data, mountPath: /data}]}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: {{ .Values.claim }}}}]
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}}
stringData: {password: {{ .Values.image | quote }}}
`

type getter struct {
	clientcmd.ClientConfig
	config *rest.Config
}

func (g getter) ToRESTConfig() (*rest.Config, error)           { return g.config, nil }
func (g getter) ToRawKubeConfigLoader() clientcmd.ClientConfig { return g.ClientConfig }
func (g getter) ToRESTMapper() (meta.RESTMapper, error) {
	d, err := g.ToDiscoveryClient()
	return restmapper.NewDeferredDiscoveryRESTMapper(d), err
}
func (g getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	d, err := discovery.NewDiscoveryClientForConfig(g.config)
	return memory.NewMemCacheClient(d), err
}

func TestKube_helm_install_upgrade_uninstall(t *testing.T) {
	c, config, k := cluster(t)
	for _, serverSide := range []bool{true, false} {
		name := map[bool]string{true: "ssa", false: "csa"}[serverSide]
		volume := claim(t, c, k, name)
		cfg := action.NewConfiguration()
		require.NoError(t, cfg.Init(getter{clientcmd.NewDefaultClientConfig(*kubeconfig(), &clientcmd.ConfigOverrides{}), config}, "default", "secrets"))
		ch := &chart.Chart{Metadata: &chart.Metadata{Name: "web", Version: "1.0.0", APIVersion: "v2"},
			Templates: []*common.File{{Name: "templates/all.yaml", Data: []byte(webChart)}}}
		values := map[string]any{"image": "web:1", "claim": name + "-data", "replicas": 1}

		install := action.NewInstall(cfg)
		install.ReleaseName, install.Namespace, install.ServerSideApply = name, "default", serverSide
		install.WaitStrategy, install.Timeout = kube.StatusWatcherStrategy, 30*time.Second
		_, err := install.RunWithContext(t.Context(), ch, values)
		require.NoError(t, err)
		require.Equal(t, "in-use", volumeStatus(t, c, volume))

		up := action.NewUpgrade(cfg)
		up.Namespace, up.ServerSideApply = "default", map[bool]string{true: "true", false: "false"}[serverSide]
		up.WaitStrategy, up.Timeout = kube.StatusWatcherStrategy, 30*time.Second
		values["image"] = "web:2"
		_, err = up.RunWithContext(t.Context(), name, ch, values)
		require.NoError(t, err)
		set, err := k.AppsV1().StatefulSets("default").Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, "web:2", set.Spec.Template.Spec.Containers[0].Image)
		secret, err := k.CoreV1().Secrets("default").Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, "web:2", string(secret.Data["password"]))

		list, err := action.NewList(cfg).Run()
		require.NoError(t, err)
		require.NotEmpty(t, list)

		un := action.NewUninstall(cfg)
		un.WaitStrategy, un.Timeout = kube.StatusWatcherStrategy, 30*time.Second
		_, err = un.Run(name)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return volumeStatus(t, c, volume) == "available" }, 30*time.Second, 10*time.Millisecond)
	}
}

func volumeStatus(t *testing.T, c *sandboxtest.Cloud, id string) string {
	t.Helper()
	for _, v := range c.State(t)["cinder"]["volumes"] {
		if v.ID == id {
			return v.Status.(string)
		}
	}
	return ""
}

func TestKube_pods_follow_volume_and_node(t *testing.T) {
	c, _, k := cluster(t)
	volume := claim(t, c, k, "web")
	one := int32(1)
	pod := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}}, Spec: corev1.PodSpec{
		Containers: []corev1.Container{{Name: "web", Image: "web:1"}},
		Volumes: []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "web-data"}}}}}}
	follow, err := k.CoreV1().Pods("default").Watch(t.Context(), metav1.ListOptions{LabelSelector: "app=web"})
	require.NoError(t, err)
	defer follow.Stop()
	_, err = k.AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}, Template: pod,
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}}}, metav1.CreateOptions{})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	dump := func() any { return c.State(t)["kube"] }
	node := awaitReady(ctx, t, dump, follow.ResultChan())
	require.Equal(t, "in-use", volumeStatus(t, c, volume))
	require.Equal(t, "toolbox-node-0", node)

	for _, s := range c.State(t)["nova"]["servers"] {
		if s.Name == node {
			c.Raw(t, "demo", http.MethodPost, "/compute/v2.1/servers/"+s.ID+"/action", `{"os-stop":null}`)
		}
	}
	require.Eventually(t, func() bool {
		n, err := k.CoreV1().Nodes().Get(t.Context(), node, metav1.GetOptions{})
		require.NoError(t, err)
		for _, cond := range n.Status.Conditions {
			if cond.Type == corev1.NodeReady {
				return cond.Status != corev1.ConditionTrue
			}
		}
		return false
	}, 30*time.Second, 10*time.Millisecond)
	_, err = k.CoreV1().Nodes().Patch(t.Context(), node, types.StrategicMergePatchType,
		[]byte(`{"spec":{"taints":[{"key":"node.kubernetes.io/out-of-service","value":"nodeshutdown","effect":"NoExecute"}]}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	require.Equal(t, "toolbox-master-0", awaitReady(ctx, t, dump, follow.ResultChan()))
}

func TestKube_error_messages(t *testing.T) {
	_, config, k := cluster(t)
	secrets := k.CoreV1().Secrets("default")
	made, err := secrets.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = secrets.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, metav1.CreateOptions{})
	require.True(t, apierrors.IsAlreadyExists(err), "%v", err)
	_, err = secrets.Update(t.Context(), made, metav1.UpdateOptions{})
	require.NoError(t, err)
	_, err = secrets.Update(t.Context(), made, metav1.UpdateOptions{})
	require.True(t, apierrors.IsConflict(err), "%v", err)
	_, err = secrets.Get(t.Context(), "b", metav1.GetOptions{})
	require.True(t, apierrors.IsNotFound(err), "%v", err)
	stranger := rest.CopyConfig(config)
	stranger.BearerToken = "wrong"
	other, err := kubernetes.NewForConfig(stranger)
	require.NoError(t, err)
	_, err = other.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
	require.True(t, apierrors.IsUnauthorized(err), "%v", err)
}

func kubeconfig() *clientcmdapi.Config { return clientcmdapi.NewConfig() }

// awaitReady waits until a pod is ready and returns its node.
func awaitReady(ctx context.Context, t *testing.T, dump func() any, events <-chan watch.Event) string {
	t.Helper()
	for {
		select {
		case e, open := <-events:
			require.True(t, open, "the watch has ended")
			p, ok := e.Object.(*corev1.Pod)
			if !ok || p.DeletionTimestamp != nil || e.Type == watch.Deleted {
				continue
			}
			for _, cond := range p.Status.Conditions {
				if cond.Type == corev1.PodReady && cond.Status == corev1.ConditionTrue {
					return p.Spec.NodeName
				}
			}
		case <-ctx.Done():
			raw, _ := json.Marshal(dump())
			t.Fatalf("no pod became ready: %s", raw)
		}
	}
}
