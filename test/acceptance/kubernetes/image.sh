#!/bin/bash
# image.sh NAME:TAG...: adds names to the chrony image on the real node, so that a chart's own image name
# works.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
node=${MCM_KUBE_REAL-real-0}
pid=$(pid_of "${node%%=*}") || { echo "the real node is not up" >&2; exit 1; }
for name; do
  nsenter --mount --target "$(pgrep -P "$pid" | head -n 1)" \
    "$RUNTIME/usr/bin/ctr" -n k8s.io images tag --force docker.io/mcm/chrony:1 "$name"
done
