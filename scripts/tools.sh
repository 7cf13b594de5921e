#!/usr/bin/env bash
# Builds the linters pinned in tools/go.mod, once per version, and prints the folder that holds them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mycloudmanager
dir=$cache/tools-$(cat tools/go.mod tools/go.sum | sha256sum | cut -c1-16)-$(go env GOVERSION)
linters=(
  github.com/golangci/golangci-lint/v2/cmd/golangci-lint
  go.temporal.io/sdk/contrib/tools/workflowcheck
  golang.org/x/vuln/cmd/govulncheck
)
missing=()
for linter in "${linters[@]}"; do
  [ -x "$dir/${linter##*/}" ] || missing+=("$linter")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "Building the linters: some minutes, once." >&2
  mkdir -p "$dir"
  (cd tools && go build -trimpath -o "$dir/" "${missing[@]}")
fi
echo "$dir"
