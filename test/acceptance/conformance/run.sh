#!/usr/bin/env bash
# Asks the cases of the real OpenStack that test/acceptance/up.sh has started, and drives the openstack command line against
# the simulated cloud. Where both ran well, the simulated cloud is what the tests of the product take it for.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
# shellcheck source=/dev/null
. "${XDG_CACHE_HOME:-$HOME/.cache}/mycloudmanager/acceptance/env"
MCM_CONFORMANCE_CLOUD="admin" go test -trimpath ./test/acceptance/conformance -count=1 -parallel 4 -timeout 15m -v | grep -vE '^(=== |    --- PASS)'
MCM_CONFORMANCE_CLI=1 go test -trimpath ./test/acceptance/conformance -run TestCommandLine -count=1 -timeout 10m
