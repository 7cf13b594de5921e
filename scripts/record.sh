#!/usr/bin/env bash
# Records workflow histories for the replay tests. A history is deleted only with an ADR: operations of that shape may be in flight.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
go test -trimpath ./worker -run TestRecord -record -count=1
git status --short workflows/testdata
