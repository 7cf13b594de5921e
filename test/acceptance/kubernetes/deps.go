//go:build tools

// Package kubernetes names the programs that are built from this module without being in it.
package kubernetes

import _ "k8s.io/kubernetes/cmd/kubelet"
