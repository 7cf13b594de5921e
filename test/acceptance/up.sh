#!/bin/bash
# Starts the real services of the acceptance tests, OpenStack and Kubernetes, and writes their addresses to an env file.
# Idempotent: running services are left unchanged, stopped ones are started.
#   up.sh [openstack] [kubernetes] [hosts]    the first two by default; hosts are real Debian hosts, see hosts/README.md
#   MCM_HOST_COUNT=6                          how many
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mycloudmanager/acceptance
export MCM_OPENSTACK_DIR=${MCM_OPENSTACK_DIR:-$cache/openstack} MCM_KUBE_DIR=${MCM_KUBE_DIR:-$cache/kubernetes/cluster}
env=$cache/env
mkdir -p "$cache"
if [ $# = 0 ]; then set -- openstack kubernetes; fi

# The first build of the cluster uses one core for minutes while the installation waits for disk and network.
pids=()
for part; do
  case $part in
    openstack) bash "$here/openstack/install.sh" & pids+=($!) ;;
    kubernetes) bash "$here/kubernetes/build.sh" & pids+=($!) ;;
    hosts) ;;
    *) echo "unknown part $part" >&2; exit 2 ;;
  esac
done
for pid in "${pids[@]}"; do wait "$pid"; done
# Not in parallel with the others: each needs the package manager.
for part; do [ "$part" != hosts ] || bash "$here/hosts/install.sh"; done

{
  echo "export MCM_ACCEPTANCE_OPENRC=$MCM_OPENSTACK_DIR"
  echo "export OS_CLIENT_CONFIG_FILE=$MCM_OPENSTACK_DIR/clouds.yaml"
  echo "export KUBECONFIG=$MCM_KUBE_DIR/kubeconfig"
} >"$env.new"
for part; do
  case $part in
    openstack)
      bash "$here/openstack/up.sh"
      cat "$MCM_OPENSTACK_DIR/openrc-demo" >>"$env.new"
      # shellcheck source=/dev/null
      . "$MCM_OPENSTACK_DIR/openrc-demo"
      ;;
    hosts) bash "$here/hosts/up.sh" "${MCM_HOST_COUNT:-6}" ;;
    kubernetes) MCM_KUBE_FOLLOW=${OS_AUTH_URL:+${MCM_KUBE_FOLLOW-yes}} bash "$here/kubernetes/up.sh" ;;
  esac
done
chmod 600 "$env.new"
mv "$env.new" "$env"
echo "ready: . $env"
