#!/bin/bash
# Writes the three Swift rings: one zone, one device, one replica.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../env.sh
. "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
cd "$ETC/swift"
rm -f ./*.builder
for pair in object:6210 container:6211 account:6212; do
  name=${pair%:*}
  tool swift-ring-builder "$name.builder" create 6 1 1
  tool swift-ring-builder "$name.builder" add "r1z1-127.0.0.1:${pair#*:}/d1" 1
  tool swift-ring-builder "$name.builder" rebalance || true # 1 means "done, with a warning"
done >"$LOG/swift-rings.out" 2>&1
