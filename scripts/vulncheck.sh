#!/usr/bin/env bash
# Reports known vulnerabilities in the code that we call. It fails on findings and is skipped where the vulnerability
# database cannot be reached.
#   GOVULNDB                     URL of the database; the Go team's by default
#   MCM_VULNCHECK_TIMEOUT=900    seconds for each module
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
database=${GOVULNDB:-https://vuln.go.dev}
timeout=${MCM_VULNCHECK_TIMEOUT:-900}
if ! curl -fsS --max-time 10 -o /dev/null "$database/index/db.json" 2>/dev/null; then
  echo "skipped: vulnerability database not reachable ($database)"
  exit 0
fi
tools=$(scripts/tools.sh)
output=$(mktemp)
trap 'rm -f "$output"' EXIT
failed=0

# check scans one module: with the calls that are made ("symbol"), or by the packages that are imported ("package").
check() {
  local module=$1 level=$2 status=0
  timeout "$timeout" "$tools/govulncheck" -C "$module" -db "$database" -scan "$level" ./... >"$output" 2>&1 || status=$?
  case $status in
    0) echo "$module: no known vulnerability" ;;
    3) cat "$output" >&2; failed=1 ;;
    124) echo "skipped: $module was not checked within $timeout s" ;;
    *)
      if grep -qE 'fetching vulnerabilities|dial tcp|no such host|i/o timeout|connection (refused|reset)' "$output"; then
        echo "skipped: vulnerability database not reachable ($database)"
      else
        cat "$output" >&2
        failed=1
      fi
      ;;
  esac
}

check . symbol
while read -r gomod; do
  check "$(dirname "$gomod")" package
done < <(git ls-files '*/go.mod' | grep -vE '^(tools|acceptance|test)/')
exit "$failed"
