package ssh

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/stack"
)

const (
	apiTimeout = 30 * time.Second // of a request to the Kubernetes API
	kubeAPI    = "127.0.0.1:6443" // address of the Kubernetes API on a master
)

// KubeconfigProvider provides the configuration to connect to the Kubernetes API, either from a given kubeconfig file or through
// the bastion of the stack.
type KubeconfigProvider struct {
	Kubeconfig string // path of a kubeconfig; empty for the cluster of the stack
	CacheDir   string
	Cloud      *openstack.Cloud
	Signer     ssh.Signer
	Dial       func(ctx context.Context, network, address string) (net.Conn, error)

	mu      sync.Mutex
	bastion *bastion
}

// Config implements cluster.ConfigProvider.
func (c *KubeconfigProvider) Config(ctx context.Context) (*rest.Config, error) {
	if c.Kubeconfig != "" {
		config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
		if err != nil {
			return nil, fault.New(fault.Invalid, err, "kubeconfig %s: %v", c.Kubeconfig, err)
		}
		return withRetry(config), nil
	}
	b, id, err := c.find(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := c.kubeconfig(ctx, b, id)
	if err != nil {
		return nil, err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(raw)
	if err != nil {
		return nil, fault.New(fault.Unavailable, err, "the cluster's kubeconfig cannot be read: %v", err)
	}
	config.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) { return b.dial(ctx, kubeAPI) }
	return withRetry(config), nil
}

// withRetry sets the request timeout and the user agent, and raises the client-side rate limit of client-go, whose default is
// intended for controllers.
func withRetry(config *rest.Config) *rest.Config {
	config.Timeout, config.QPS, config.Burst = apiTimeout, 50, 100
	config.UserAgent = "mycloudmanager"
	return config
}

// find returns the bastion and the ID of the current stack. The error is a NotFound fault if there is no stack.
func (c *KubeconfigProvider) find(ctx context.Context) (*bastion, string, error) {
	s, err := c.Cloud.Manager(ctx)
	if err != nil {
		return nil, "", err
	}
	st, err := stack.Find(ctx, s)
	if fault.KindOf(err) == fault.NotFound {
		return nil, "", fault.New(fault.NotFound, nil, "there is no cluster: deploy the stack first")
	}
	if err != nil {
		return nil, "", err
	}
	address := ""
	for _, o := range st.Outputs {
		if o["output_key"] == "floating_ip" {
			address, _ = o["output_value"].(string)
		}
	}
	if address == "" {
		return nil, "", fault.New(fault.Unavailable, nil, "the stack has no address yet")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fingerprint := stack.HostKey(st)
	if c.bastion == nil || c.bastion.address != address || c.bastion.fingerprint != fingerprint {
		if c.bastion != nil {
			c.bastion.close()
		}
		c.bastion = &bastion{address: address, fingerprint: fingerprint, signer: c.Signer, dialer: c.Dial}
	}
	return c.bastion, st.ID, nil
}

// kubeconfig returns the cluster's kubeconfig. It downloads the file over SSH once per stack and caches it in CacheDir.
func (c *KubeconfigProvider) kubeconfig(ctx context.Context, b *bastion, id string) ([]byte, error) {
	file := c.cacheFile(id)
	raw, err := os.ReadFile(file)
	if err == nil {
		return raw, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	raw, err = b.run(ctx, "sudo cat /etc/rancher/k3s/k3s.yaml")
	if err != nil {
		return nil, err
	}
	if _, err := clientcmd.RESTConfigFromKubeConfig(raw); err != nil {
		return nil, fault.New(fault.Unavailable, err, "k3s has not written its kubeconfig yet")
	}
	if err := os.MkdirAll(c.CacheDir, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(file+".new", raw, 0o600); err != nil {
		return nil, err
	}
	return raw, os.Rename(file+".new", file)
}

func (c *KubeconfigProvider) cacheFile(id string) string {
	return filepath.Join(c.CacheDir, "kubeconfig-"+filepath.Base(id))
}

// Reset implements cluster.ConfigProvider: it closes the connection and deletes every cached kubeconfig.
func (c *KubeconfigProvider) Reset() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bastion != nil {
		c.bastion.close()
		c.bastion = nil
	}
	names, err := filepath.Glob(filepath.Join(c.CacheDir, "kubeconfig-*"))
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}
