#!/usr/bin/env bash
# The acceptance test of enrollment and agents on real hosts, alone: brings the hosts up new, tests, takes them down.
#   MCM_KEEP=1       they stay up for looking around
#   MCM_HOSTS="1 3"  agents on these hosts only
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[ "${MCM_KEEP:-}" = 1 ] || trap './down.sh --purge' EXIT
./install.sh
./down.sh --purge
./lint.sh
./up.sh 6
GOTOOLCHAIN=local go test -trimpath -tags acceptance . -count=1 -parallel 6 -v -timeout 60m
