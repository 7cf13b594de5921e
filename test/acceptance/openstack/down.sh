#!/bin/bash
# Stops every service and keeps the state for the next up.sh. down.sh --purge deletes the state as well.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
for s in $SERVICES; do stop "$s" & done
wait
for s in rabbitmq memcached mariadb; do stop "$s" & done
wait
stop epmd
if [ "${1:-}" = --purge ]; then rm -rf "$STATE"; fi
