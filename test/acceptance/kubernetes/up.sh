#!/bin/bash
# Brings a Kubernetes cluster up: a real control plane, simulated nodes (kwok) and one real node (containerd and
# kubelet), all in a network namespace, the API on 127.0.0.1. Run it again at any time.
#   MCM_KUBE_NODES="node-0=<server id> node-1"   simulated nodes, with their Nova servers
#   MCM_KUBE_REAL="real-0=<server id>"           the real node; empty for none
#   MCM_KUBE_FOLLOW=yes                          instead: a node for every server of the stack, as they come and go
#   OS_AUTH_URL ...                              volumes are attached in this cloud; without it, in name only
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
bash "$HERE/build.sh"
follow=${MCM_KUBE_FOLLOW:-}
nodes=${MCM_KUBE_NODES-node-0 node-1 node-2}
if [ -n "$follow" ]; then nodes=${MCM_KUBE_NODES:-}; fi
real=${MCM_KUBE_REAL-real-0}
mkdir -p "$DIR/run"

if ! [ -e /run/netns/$NETNS ]; then
  ip netns add $NETNS
  ip -n $NETNS link set lo up
  ip -n $NETNS link add cni0 type bridge
  ip -n $NETNS addr add 10.88.0.1/16 dev cni0
  ip -n $NETNS link set cni0 up
fi
background control nsenter --net=/run/netns/$NETNS "$BIN/kube" control --dir "$DIR" --port "$PORT" \
  --node-grace "${MCM_KUBE_GRACE:-20s}" --toleration "${MCM_KUBE_TOLERATION:-5s}"
for _ in $(seq 600); do
  [ -e "$DIR/kubeconfig" ] && [ -S "$DIR/api.sock" ] && break
  pid_of control >/dev/null || { tail -n 5 "$DIR/run/control.log" >&2; exit 1; }
  sleep 0.1
done
# The gate keeps the cloud it started with.
cloud="${OS_AUTH_URL:-} ${OS_USERNAME:-} ${OS_PROJECT_NAME:-} ${follow:+follow}"
if [ "$(cat "$DIR/run/gate.cloud" 2>/dev/null)" != "$cloud" ]; then finish gate; fi
echo "$cloud" >"$DIR/run/gate.cloud"
background gate "$BIN/kube" gate --dir "$DIR" --port "$PORT" ${follow:+--follow}
kube ready
# shellcheck disable=SC2086
kube nodes $nodes
if [ -n "$real" ]; then
  name=${real%%=*}
  background "$name" bash "$HERE/node.sh" "$name"
  code=0
  kube real "$real" || code=$?
  if [ $code = 3 ]; then
    touch "$DIR/run/$name.again"
    kube real "$real"
  elif [ $code != 0 ]; then
    exit $code
  fi
fi
echo "export KUBECONFIG=$DIR/kubeconfig"
