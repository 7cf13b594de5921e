#!/bin/bash
# Stops the real parts; their state stays. down.sh --purge removes it, the caches of builds and packages stay.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bash "$here/hosts/down.sh" "$@"
bash "$here/kubernetes/down.sh" "$@"
bash "$here/openstack/down.sh" "$@"
