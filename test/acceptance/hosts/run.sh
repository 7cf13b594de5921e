#!/usr/bin/env bash
# Runs only the acceptance test of enrollment and agents: starts new real hosts, tests, and removes them.
#   MCM_KEEP=1       keeps the hosts running for inspection
#   MCM_HOSTS="1 3"  installs agents on these hosts only
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[ "${MCM_KEEP:-}" = 1 ] || trap './down.sh --purge' EXIT
./install.sh
./down.sh --purge
./lint.sh
./up.sh 6
GOTOOLCHAIN=local go test -trimpath -tags acceptance . -count=1 -parallel 6 -v -timeout 60m
