#!/usr/bin/env bash
# Formatting, linters, determinism of the workflows, known vulnerabilities, generated files, shell scripts, web sources.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$(scripts/tools.sh)

[ -f ui/dist/.gitkeep ] || { echo "ui/dist/.gitkeep is missing: Go cannot embed the folder" >&2; exit 1; }

echo "* gofmt"
unformatted=$(git ls-files '*.go' | xargs gofmt -l)
if [ -n "$unformatted" ]; then
  echo "gofmt these files: $unformatted" >&2
  exit 1
fi

echo "* golangci-lint"
GOFLAGS="${GOFLAGS:-} -trimpath" "$tools/golangci-lint" run ./...

echo "* tests under their tags"
go vet -trimpath -tags race ./worker ./test/e2e
go vet -trimpath -tags acceptance ./test/e2e ./test/acceptance/...

echo "* workflowcheck"
GOFLAGS="${GOFLAGS:-} -trimpath" "$tools/workflowcheck" ./workflows/...

echo "* shellcheck"
git ls-files '*.sh' .ci/run | xargs shellcheck -x

echo "* words"
(cd tools && go run ./wordcheck -root ..)

echo "* file sizes"
long=$(git ls-files '*.go' | grep -vE '(_test|\.gen)\.go$' | xargs wc -l | awk '$1 > 400 && $2 != "total" {print "  " $1 " lines: " $2}')
if [ -n "$long" ]; then
  printf 'files over 400 lines:\n%s\n' "$long" >&2
  exit 1
fi

echo "* web sources"
if [ ! -d ui/node_modules ] || [ ui/package-lock.json -nt ui/node_modules/.package-lock.json ]; then
  (cd ui && npm install --no-save --no-fund --no-audit)
fi
(cd ui && npm run lint)

echo "* generated files"
go test -trimpath ./api -run TestOpenAPI_matches_committed_file -count=1
(cd ui && npm run generate >/dev/null)
(cd tools && go tool oapi-codegen -config ../sdk/oapi-codegen.yaml ../api/openapi.yaml)
if ! git diff --exit-code --stat -- ui/src/api/schema.gen.ts sdk/types.gen.go; then
  echo "the types of the UI or of the SDK are not those of the contract: run make generate" >&2
  exit 1
fi

echo "* govulncheck"
scripts/vulncheck.sh
