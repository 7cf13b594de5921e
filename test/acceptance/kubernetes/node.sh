#!/bin/bash
# node.sh NAME: one real node (containerd, kubelet, the node half of the Cinder driver) in its own mount and
# process namespaces, inside the cluster's network namespace. up.sh calls it; everything ends with its
# outermost process.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
name=$1
if [ "${2:-}" != inner ]; then
  exec nsenter --net=/run/netns/$NETNS unshare --mount --propagation private --pid --fork --mount-proc --kill-child \
    bash "$HERE/node.sh" "$name" inner
fi
work=$DIR/$name
address=10.88.0.11
socket=unix:///run/containerd/containerd.sock
export PATH=$BIN:$RUNTIME/usr/sbin:$RUNTIME/usr/bin:$PATH
mkdir -p "$work"/{cni,containerd,kubelet,log,certificates,volumes} /var/lib/kubelet /run/containerd /var/lib/cni
mount -t tmpfs tmpfs /run/containerd
mount --make-rshared /
mount --bind "$work/kubelet" /var/lib/kubelet
mount --make-rshared /var/lib/kubelet
ip addr replace $address/16 dev cni0

# Without CAP_SYS_RESOURCE runc cannot lower an oom_score_adj: it fails with "can't get final child's PID from pipe".
cat >"$work/containerd.toml" <<X
version = 2
root = "$work/containerd"
state = "/run/containerd/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$work/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/mcm/pause:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$RUNTIME/usr/lib/cni"
    conf_dir = "$work/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "$RUNTIME/usr/sbin/runc"
X
cat >"$work/cni/10-bridge.conflist" <<X
{"cniVersion": "0.4.0", "name": "bridge", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": false,
  "ipMasq": false, "hairpinMode": true, "ipam": {"type": "host-local", "dataDir": "$work/ipam",
  "ranges": [[{"subnet": "10.88.0.0/16", "rangeStart": "10.88.1.10", "rangeEnd": "10.88.1.250",
  "gateway": "10.88.0.1"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
X
cat >"$work/kubelet.yaml" <<X
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /mcm-kube-$name
containerRuntimeEndpoint: $socket
address: $address
port: 10250
readOnlyPort: 0
healthzPort: 0
failSwapOn: false
authentication: {anonymous: {enabled: false}, webhook: {enabled: false}, x509: {clientCAFile: $DIR/ca.crt}}
authorization: {mode: AlwaysAllow}
clusterDomain: mycloudmanager
podLogsDir: $work/log
nodeStatusUpdateFrequency: 2s
nodeLeaseDurationSeconds: 4
syncFrequency: 10s
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%}
makeIPTablesUtilChains: false
enforceNodeAllocatable: [pods]
maxPods: 30
resolvConf: ""
X

make_cgroups() {
  local controller group
  for controller in cpu cpuacct cpuset memory devices freezer blkio pids systemd; do
    [ -d /sys/fs/cgroup/$controller ] || continue
    group=/sys/fs/cgroup/$controller/mcm-kube-$name
    mkdir -p "$group"
    if [ $controller = cpuset ]; then
      cat /sys/fs/cgroup/cpuset/cpuset.cpus >"$group/cpuset.cpus"
      cat /sys/fs/cgroup/cpuset/cpuset.mems >"$group/cpuset.mems"
    fi
  done
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then mkdir -p "/sys/fs/cgroup/mcm-kube-$name"; fi
}

import_images() {
  local image
  for _ in $(seq 300); do ctr version >/dev/null 2>&1 && break; sleep 0.1; done
  for image in "$IMAGES"/*.tar; do ctr -n k8s.io images import "$image"; done
  for image in $CHRONY_IMAGE; do
    [ "$image" = docker.io/mcm/chrony:1 ] || ctr -n k8s.io images tag --force docker.io/mcm/chrony:1 "$image"
  done
}

make_cgroups
containerd -c "$work/containerd.toml" >"$work/containerd.log" 2>&1 &
import_images >"$work/images.log" 2>&1
csinode -node "$name" -volumes "$work/volumes" >"$work/csinode.log" 2>&1 &
# run_kubelet restarts the kubelet when up.sh or the gate requests it: a deleted node registers only at the
# kubelet's start.
run_kubelet() {
  local pid
  while :; do
    rm -f "$DIR/run/$name.again"
    kubelet --config="$work/kubelet.yaml" --kubeconfig="$DIR/kubeconfig" --cert-dir="$work/certificates" \
      --hostname-override="$name" --node-ip=$address --node-labels=mcm.test/real=true --v=2 >>"$work/kubelet.log" 2>&1 &
    pid=$!
    while ! [ -e "$DIR/run/$name.again" ]; do
      kill -0 $pid 2>/dev/null || return 1
      sleep 0.5
    done
    kill $pid
    wait $pid || true
  done
}
run_kubelet &
wait -n
echo "a process of the node ended, see $work/*.log" >&2
exit 1
