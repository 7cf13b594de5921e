#!/usr/bin/env bash
# The acceptance test: starts the real services, drives the built product on them, and stops them.
#   MCM_KEEP=1         keeps them running for inspection
#   MCM_HOST_COUNT=6   number of real hosts for enrollment and agents. 6 covers all releases twice and every part of the test;
#                      by default two hosts, Debian 12 and 13, and parts that take six minutes; 0 skips the test
#   MCM_HOST_KILLS=2   number of kills of the API, the worker or both during enrollments and playbooks
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mycloudmanager
tools=$cache/tools-$(cat tools/go.mod tools/go.sum | sha256sum | cut -c1-16)-$(go env GOVERSION)
[ "${MCM_KEEP:-}" = 1 ] || trap 'test/acceptance/down.sh' EXIT
scripts/setup.sh kubectl postgres
test/acceptance/up.sh
if [ ! -x "$tools/helm" ]; then
  mkdir -p "$tools"
  (cd tools && go build -trimpath -o "$tools/" helm.sh/helm/v4/cmd/helm)
fi
# shellcheck source=/dev/null
. "$cache/acceptance/env"
export MCM_HELM=$tools/helm
test/acceptance/openstack/check-stack.sh small # cloud-init's own checker, Heat's own validation
test/acceptance/conformance/run.sh             # the simulated cloud behaves like the real one, and the command line works with it
# An interrupted run may have left its stack: a project has one.
openstack stack list -f value -c ID | xargs -r openstack stack delete --yes --wait
go test -trimpath -tags acceptance ./test/e2e -run TestAcceptance -count=1 -v -timeout 45m
if [ "${MCM_HOST_COUNT:-}" != 0 ]; then
  parts=
  [ -n "${MCM_HOST_COUNT:-}" ] || parts='/^(enroll|tokens|agents|another_host_key|kills|backups_of_files|snapshots|unenroll)$'
  export MCM_HOST_COUNT=${MCM_HOST_COUNT:-2} MCM_HOST_KILLS=${MCM_HOST_KILLS:-2}
  test/acceptance/hosts/down.sh --purge # an interrupted run may have left them enrolled
  test/acceptance/up.sh openstack kubernetes hosts
  go test -trimpath -tags acceptance ./test/e2e -run "^TestHosts\$$parts" -count=1 -v -timeout 60m
fi
