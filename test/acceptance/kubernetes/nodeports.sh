#!/bin/bash
# nodeports.sh: lets the hosts of test/acceptance/hosts reach the cluster as instances do: through a router, at any node's address
# and a NodePort. It does the work of kube-proxy once, for the current Services and pods: run it again after a change.
# shellcheck disable=SC2016 # the templates are not the shell's
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
inside=10.77.0.3 # of the cluster on the hosts' bridge
export KUBECONFIG=$DIR/kubeconfig
if ! ip link show v-mcm-kube >/dev/null 2>&1; then
  ip link add v-mcm-kube type veth peer name hosts0 netns $NETNS
  ip -n $NETNS addr add $inside/24 dev hosts0
  ip -n $NETNS link set hosts0 up
fi
ip link set v-mcm-kube master mcm-hosts up
ip netns exec $NETNS sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
for name in $(ip netns list | grep -o '^mcm-host-[0-9]*'); do
  ip -n "$name" route replace default via $inside
done
{
  echo 'table ip mcm-nodeports'
  echo 'delete table ip mcm-nodeports'
  echo 'table ip mcm-nodeports {'
  echo '  chain prerouting {'
  echo '    type nat hook prerouting priority dstnat;'
  kubectl get services -o go-template='{{range .items}}{{$name := .metadata.name}}{{range .spec.ports}}{{if .nodePort}}{{$name}} {{.name}} {{.protocol}} {{.nodePort}}{{"\n"}}{{end}}{{end}}{{end}}' |
    while read -r service port protocol node_port; do
      to=$(kubectl get endpointslices -l "kubernetes.io/service-name=$service" -o go-template='{{range .items}}{{$ports := .ports}}{{range .endpoints}}{{if .conditions.ready}}{{$at := index .addresses 0}}{{range $ports}}{{.name}} {{$at}}:{{.port}}{{"\n"}}{{end}}{{end}}{{end}}{{end}}' |
        awk -v port="$port" '$1 == port { print $2; exit }')
      if [ -n "$to" ]; then echo "    iifname hosts0 ${protocol,,} dport $node_port dnat to $to"; fi
    done
  echo '  }'
  echo '}'
} | ip netns exec $NETNS nft -f -
