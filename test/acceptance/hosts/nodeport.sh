#!/bin/bash
# nodeport.sh PROTOCOL PORT ADDRESS:PORT: redirects the hosts' traffic to that port of a node to an address on their own network,
# where a test runs the server that the app's simulated pod lacks. It does for one port what kubernetes/nodeports.sh does for
# running pods. "nodeport.sh none" removes all redirections.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
for name in $(ip netns list | grep -o '^mcm-host-[0-9]*'); do
  if [ "$1" = none ]; then
    ip netns exec "$name" nft -f - <<<$'table ip mcm-nodeports\ndelete table ip mcm-nodeports'
    continue
  fi
  ip netns exec "$name" nft -f - <<END
table ip mcm-nodeports {
  chain output {
    type nat hook output priority -100;
    ip daddr != 10.77.0.0/24 $1 dport $2 dnat to $3
  }
}
END
done
