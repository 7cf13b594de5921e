#!/bin/bash
# server-id.sh N UUID: sets the server id that the metadata service returns to the Nth host.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
host "${1:?the number of the host}"
mkdir -p "$DIR/servers"
echo "${2:?the id of the server}" >"$DIR/servers/$address"
