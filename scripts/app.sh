#!/usr/bin/env bash
# Scaffolds an app of the catalogue: app.sh NAME
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
name=${1:-}
if ! [[ $name =~ ^[a-z][a-z0-9-]*$ ]]; then
  echo "usage: make app NAME=redis (lower-case letters, digits and dashes)" >&2
  exit 2
fi
if [ -e "deploy/apps/$name" ]; then
  echo "deploy/apps/$name is there already" >&2
  exit 1
fi
cp -r scripts/app-template "deploy/apps/$name"
find "deploy/apps/$name" -type f -exec sed -i "s/@NAME@/$name/g" {} +
echo "deploy/apps/$name is ready to be filled in; then: go test ./internal/app/catalog"
