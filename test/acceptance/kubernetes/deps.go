//go:build tools

// Package kubernetes imports the programs that are built from this module but are not part of it.
package kubernetes

import _ "k8s.io/kubernetes/cmd/kubelet"
