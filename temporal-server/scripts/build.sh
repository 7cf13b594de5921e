#!/usr/bin/env bash
# Builds mcm-temporal into the file $1 and reports its progress: 1,300 packages take a while on two cores.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$1
work=$(mktemp -d)
trap 'rm -rf "$work" "$out.new"' EXIT
# Temporal Web without earlier releases, which its module contains as well.
pages=github.com/temporalio/ui-server/v2
go mod download "$pages"
go run -trimpath ./scripts/prune "$(go list -m -f '{{.Dir}}' "$pages")" "$work/pages"
cp go.mod go.sum "$work"
go mod edit -replace "$pages=$work/pages" "$work/go.mod"
go build -trimpath -modfile "$work/go.mod" -ldflags "-s -w" -v -o "$out.new" . 2>"$work/log" &
pid=$!
while kill -0 "$pid" 2>/dev/null; do
  [ -t 1 ] && printf '\r  %s packages' "$(wc -l <"$work/log")"
  sleep 1
done
if ! wait "$pid"; then
  cat "$work/log" >&2
  exit 1
fi
mv "$out.new" "$out"
echo
