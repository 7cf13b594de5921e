#!/bin/bash
# svc.sh start|stop|kill|restart|freeze|thaw|status [NAME...]: controls single services, for tests of faults.
# freeze stops the processes: the kernel accepts connections, but they get no response.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
command=${1:?start, stop, kill, restart, freeze, thaw or status}
shift
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $BASE $SERVICES
for name; do
  case $command in
    start) start "$name" ;;
    stop) stop "$name" ;;
    kill) stop "$name" KILL ;;
    restart) stop "$name" && start "$name" ;;
    freeze) kill -STOP -- "-$(pid_of "$name")" ;;
    thaw) kill -CONT -- "-$(pid_of "$name")" ;;
    status) if pid=$(pid_of "$name"); then echo "$name up $pid"; else echo "$name down"; fi ;;
    *) echo "unknown command $command" >&2; exit 2 ;;
  esac
done
