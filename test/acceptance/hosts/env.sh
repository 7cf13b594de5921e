# Sourced by the scripts in this directory: paths, the list of hosts, and helpers for background processes.
# shellcheck shell=bash disable=SC2034
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/mycloudmanager/acceptance/hosts
DIR=${MCM_HOSTS_DIR:-$CACHE/state}
BRIDGE=mcm-hosts
NETWORK=10.77.0
GATEWAY=$NETWORK.1
METADATA=$NETWORK.2
APT_PORT=3142
SUITES="bookworm trixie bullseye"
GO=$(command -v go || echo /usr/local/go/bin/go)

# host N: sets name, suite and address of the Nth host, from 1. The suites alternate.
host() {
  local suites
  read -ra suites <<<"$SUITES"
  suite=${suites[$((($1 - 1) % ${#suites[@]}))]}
  name=mcm-host-$1
  address=$NETWORK.$((10 + $1))
}

# mirror: the first URL of this machine's package sources, which the hosts use too.
mirror() {
  { sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true
    sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' /etc/apt/sources.list 2>/dev/null || true; } | head -1
}

started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# pid_of NAME: the pid of one of our running processes, identified by its start time as well.
pid_of() {
  local pid when
  { read -r pid when <"$DIR/run/$1.pid"; } 2>/dev/null || return 1
  [ -n "$when" ] && [ "$(started "$pid")" = "$when" ] || return 1
  echo "$pid"
}

# background NAME COMMAND...: runs in its own session, unless it is already running.
background() {
  local name=$1 pid
  shift
  pid_of "$name" >/dev/null && return 0
  setsid nohup "$@" >>"$DIR/run/$name.log" 2>&1 </dev/null &
  pid=$!
  echo "$pid $(started "$pid")" >"$DIR/run/$name.pid"
}
