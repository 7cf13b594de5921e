package main

import (
	"fmt"
	"path/filepath"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// options are shared by all commands of the program.
type options struct {
	dir               string
	port              int
	grace, toleration time.Duration
	follow            bool
}

func (o options) path(elements ...string) string {
	return filepath.Join(append([]string{o.dir}, elements...)...)
}

func (o options) kubeconfig() string { return o.path("kubeconfig") }

// socket returns the path of the API's socket for the host; the control plane is in its own network namespace.
func (o options) socket() string { return o.path("api.sock") }

func (o options) address() string { return fmt.Sprintf("127.0.0.1:%d", o.port) }

func (o options) client() (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig())
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 50, 100
	return kubernetes.NewForConfig(config)
}
