#!/bin/bash
# prefer.sh real|fake|all: new pods go to the real node, to the simulated ones, or anywhere (the others are cordoned).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
kube prefer "${1:?real, fake or all}"
