#!/usr/bin/env bash
# Browser tests in headless Chromium: every page with fixtures, then journeys through the real product on a fresh sandbox.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh
dir=$(mktemp -d)
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
listen=127.0.0.1:$(port)
sandbox=127.0.0.1:$(port)
# Where notifications go: a receiver that a journey starts later, at a port that is handed to nobody else meanwhile.
hook=$((20000 + RANDOM % 10000))
(umask 077 && echo "whsec_$(head -c 32 /dev/urandom | base64)" >"$dir/hook-secret")
export MCM_NOTIFICATION_WEBHOOK_URLS="http://hook:hunter2@127.0.0.1:$hook/notifications?key=hunter3" MCM_NOTIFICATION_WEBHOOK_SECRET_FILE=$dir/hook-secret
MCM_DATA_DIR=$dir MCM_LISTEN=$listen MCM_SANDBOX_LISTEN=$sandbox MCM_SANDBOX_SPEED=4 MCM_LOG_LEVEL=warn bin/mcm sandbox >"$dir/log" 2>&1 &
pid=$!
finish() {
  status=$?
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  [ "$status" = 0 ] || tail -n 50 "$dir/log"
  rm -rf "$dir"
  exit "$status"
}
trap finish EXIT
for _ in $(seq 100); do
  curl -sf "http://$listen/health/ready" >/dev/null && break
  sleep 0.2
done
curl -sf "http://$listen/health/ready" >/dev/null
cd ui
npm run pages
MCM_URL=http://$listen MCM_SANDBOX_URL=http://$sandbox MCM_E2E_HOOK_PORT=$hook MCM_E2E_HOOK_SECRET_FILE=$dir/hook-secret npm run e2e
