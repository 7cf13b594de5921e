# Sourced by build.sh, up.sh, down.sh and node.sh: where everything is.
# shellcheck shell=bash disable=SC2034
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/mycloudmanager/acceptance/kubernetes
DIR=${MCM_KUBE_DIR:-$CACHE/cluster}
PORT=${MCM_KUBE_PORT:-26443}
NETNS=mcm-kube
VERSION=v1.36.3
GO=$(command -v go || echo /usr/local/go/bin/go)

# The binaries are cached per version of Go, Kubernetes and our own sources.
key() {
  { "$GO" version && cat "$HERE"/go.mod "$HERE"/go.sum "$HERE"/deps.go "$HERE"/build.sh "$HERE"/cmd/*/*.go; } |
    sha256sum | cut -c1-12
}
BIN=$CACHE/bin-$(key)
RUNTIME=$CACHE/runtime
IMAGES=$CACHE/images

# chart_image: the image of the catalog's time server, as containerd names it.
chart_image() {
  sed -n 's/^image: {repository: \(.*\), tag: "\(.*\)"}$/docker.io\/\1:\2/p' "$HERE/../../../deploy/apps/ntp/chart/values.yaml" 2>/dev/null || true
}
CHRONY_IMAGE=${MCM_KUBE_CHRONY_IMAGE:-$(chart_image)}

kube() { "$BIN/kube" "$@" --dir "$DIR" --port "$PORT"; }

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
  setsid nohup "$@" >"$DIR/run/$name.log" 2>&1 </dev/null &
  pid=$!
  echo "$pid $(started "$pid")" >"$DIR/run/$name.pid"
}

# finish NAME: signals the whole session; KILL after five seconds.
finish() {
  local pid
  if pid=$(pid_of "$1"); then
    kill -- "-$pid" 2>/dev/null || true
    for _ in $(seq 50); do kill -0 -- "-$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$DIR/run/$1.pid"
}
