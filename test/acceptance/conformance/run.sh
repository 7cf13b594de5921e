#!/usr/bin/env bash
# Runs the conformance cases against the real OpenStack that test/acceptance/up.sh has started, and the
# openstack command line against the simulated cloud. If both pass, the simulated cloud behaves as the
# product's tests assume.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
# shellcheck source=/dev/null
. "${XDG_CACHE_HOME:-$HOME/.cache}/mycloudmanager/acceptance/env"
MCM_CONFORMANCE_CLOUD="admin" go test -trimpath ./test/acceptance/conformance -count=1 -parallel 4 -timeout 15m -v | grep -vE '^(=== |    --- PASS)'
MCM_CONFORMANCE_CLI=1 go test -trimpath ./test/acceptance/conformance -run TestCommandLine -count=1 -timeout 10m
