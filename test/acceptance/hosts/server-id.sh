#!/bin/bash
# server-id.sh N UUID: the metadata service tells the Nth host from now on that it is this server.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
host "${1:?the number of the host}"
mkdir -p "$DIR/servers"
echo "${2:?the id of the server}" >"$DIR/servers/$address"
