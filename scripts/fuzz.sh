#!/usr/bin/env bash
# Runs each fuzz target for some seconds: MCM_FUZZ_TIME=20s each by default. A failing input is written to testdata/fuzz of the
# package, where it stays as a test case.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
time=${MCM_FUZZ_TIME:-20s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
fuzz() { go test -trimpath "./$(dirname "$1")" -run '^$' -fuzz "^$2\$" -fuzztime "$time" >"$log" 2>&1; }
count=0
while IFS=: read -r file target; do
  target=${target#func }
  echo "* $target in $(dirname "$file")"
  if ! fuzz "$file" "$target"; then
    # Go may report its own deadline as a failure of the target: such a run has no failing input, and is repeated once.
    if ! grep -q 'context deadline exceeded' "$log" || grep -q 'Failing input written' "$log" || ! fuzz "$file" "$target"; then
      cat "$log" >&2
      exit 1
    fi
  fi
  count=$((count + 1))
done < <(git grep -oE '^func Fuzz[A-Za-z]+' -- '*_test.go')
[ "$count" -gt 0 ] || { echo "no fuzz target was found" >&2; exit 1; }
echo "$count fuzz targets, $time each: no failure"
