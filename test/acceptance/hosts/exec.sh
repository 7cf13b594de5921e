#!/bin/bash
# exec.sh N COMMAND...: runs a command as root on the Nth host.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
host "${1:?the number of the host}"
shift
supervisor=$(pid_of "$name") || { echo "$name does not run" >&2; exit 1; }
nspawn=$(pgrep -P "$supervisor" -x systemd-nspawn)
init=$(pgrep -P "$nspawn" -x systemd)
exec nsenter --target "$init" --mount --uts --ipc --net --pid --cgroup \
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
