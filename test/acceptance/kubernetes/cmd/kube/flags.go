package main

import "fmt"

const services = "10.96.0.0/16"

func (o options) apiServerFlags() []string {
	etcd := o.etcdURL()
	tolerate := fmt.Sprint(int(o.toleration.Seconds()))
	return []string{"--etcd-servers=" + etcd.String(), "--bind-address=127.0.0.1", fmt.Sprint("--secure-port=", o.port),
		"--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", "--service-cluster-ip-range=" + services,
		"--tls-cert-file=" + o.path("server.crt"), "--tls-private-key-file=" + o.path("server.key"),
		"--client-ca-file=" + o.path("ca.crt"), "--kubelet-client-certificate=" + o.path("client.crt"),
		"--kubelet-client-key=" + o.path("client.key"), "--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + o.path("accounts.key"),
		"--service-account-signing-key-file=" + o.path("accounts.key"), "--token-auth-file=" + o.path("tokens.csv"),
		"--authorization-mode=RBAC", "--allow-privileged=true", "--profiling=false",
		"--default-not-ready-toleration-seconds=" + tolerate, "--default-unreachable-toleration-seconds=" + tolerate,
		// Otherwise logs and exec resolve a node's name in DNS.
		"--kubelet-preferred-address-types=InternalIP", "--enable-priority-and-fairness=false"}
}

func (o options) controllerManagerFlags() []string {
	return []string{"--kubeconfig=" + o.kubeconfig(), "--leader-elect=false", "--secure-port=0", "--profiling=false",
		"--root-ca-file=" + o.path("ca.crt"), "--service-account-private-key-file=" + o.path("accounts.key"),
		"--use-service-account-credentials=false", "--service-cluster-ip-range=" + services,
		"--node-monitor-period=1s", "--node-monitor-grace-period=" + o.grace.String(),
		"--node-startup-grace-period=30s", "--controller-start-interval=0s"}
}

func (o options) schedulerFlags() []string {
	return []string{"--kubeconfig=" + o.kubeconfig(), "--leader-elect=false", "--secure-port=0", "--profiling=false"}
}

func (o options) kwokFlags() []string {
	return []string{"--kubeconfig=" + o.kubeconfig(), "--config=" + o.path("stages.yaml"), "--manage-all-nodes=false",
		"--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake", "--node-ip=127.0.0.1", "--cidr=10.244.0.0/16",
		// Removing kwok's annotation does not stop its leases; heartbeats by status can be stopped (see stages.go).
		"--node-lease-duration-seconds=0"}
}
