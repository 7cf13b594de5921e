# Sourced by install.sh, up.sh, down.sh and svc.sh: where everything is, and how one service starts and stops.
# shellcheck shell=bash disable=SC2034
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=${MCM_OPENSTACK_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/mycloudmanager/acceptance/openstack}
export MCM_OPENSTACK_DIR=$ROOT
STATE=$ROOT/state
ETC=$ROOT/etc
PASTE=$ROOT/paste
LOG=$STATE/log
RUN=$STATE/run
PASSWORD=${MCM_OPENSTACK_PASSWORD:-secret}
SOCK=$STATE/mysql/mysqld.sock
PYTHON=/usr/bin/python3 # never another python3 that is earlier in PATH

BASE="mariadb epmd rabbitmq memcached"
# The start order; swift-proxy last.
SERVICES="keystone placement glance-api neutron-server nova-conductor nova-compute cinder-volume heat-engine nova-api
  nova-scheduler cinder-api cinder-scheduler heat-api swift-object swift-container swift-account swift-proxy"

BEGIN=$EPOCHREALTIME
say() { printf "%6.1fs %s\n" "$(awk -v a="$EPOCHREALTIME" -v b="$BEGIN" "BEGIN { print a - b }")" "$*"; }

# started PID: the start time of a process in clock ticks, so that a pid reused after a reboot is not
# mistaken for it.
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# pid_of NAME: the pid of a running service; fails if it is not running.
pid_of() {
  local pid when
  { read -r pid when <"$RUN/$1.pid"; } 2>/dev/null || return 1
  [ -n "$when" ] && [ "$(started "$pid")" = "$when" ] || return 1
  ! grep -q '^State:.*Z' "/proc/$pid/status" 2>/dev/null || return 1
  echo "$pid"
}
alive() { pid_of "$1" >/dev/null; }

# background NAME COMMAND...: runs in its own session and records its pid.
background() {
  local name=$1 pid
  shift
  alive "$name" && return 0
  setsid nohup "$@" >>"$LOG/$name.out" 2>&1 </dev/null &
  pid=$!
  echo "$pid $(started "$pid")" >"$RUN/$name.pid"
}

start_rabbitmq() {
  local scheduler='+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none'
  HOME=$STATE/rabbit ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=43690 \
    RABBITMQ_NODENAME=mcm@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=5672 \
    ERL_CRASH_DUMP=$LOG/rabbitmq.crash RABBITMQ_DIST_PORT=25673 RABBITMQ_MNESIA_BASE=$STATE/rabbit/mnesia RABBITMQ_LOG_BASE=$LOG \
    RABBITMQ_ENABLED_PLUGINS_FILE=$STATE/rabbit/enabled_plugins RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_CONFIG_FILE=$ETC/rabbitmq RABBITMQ_PID_FILE=$STATE/rabbit/pid \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="$scheduler -kernel inet_dist_use_interface {127,0,0,1}" \
    background rabbitmq /usr/lib/rabbitmq/bin/rabbitmq-server
}

start() {
  case $1 in
    mariadb) background mariadb /usr/sbin/mariadbd --defaults-file="$ETC/my.cnf" ;;
    epmd) ERL_EPMD_ADDRESS=127.0.0.1 background epmd /usr/bin/epmd -port 43690 ;;
    rabbitmq) start_rabbitmq ;;
    memcached) background memcached /usr/bin/memcached -u root -l 127.0.0.1 -p 11219 -m 32 -t 1 ;;
    *) PYTHONPATH=$HERE/lib PYTHONDONTWRITEBYTECODE=1 FAKECLOUD_NOVA_STATE=$STATE/nova/instances \
      background "$1" "$PYTHON" "$HERE/lib/run.py" "$1" ;;
  esac
}

# tool NAME ARGS...: one of the projects' *-manage programs.
tool() { PYTHONPATH=$HERE/lib PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$HERE/lib/run.py" "$@"; }

# stop NAME [SIGNAL]: signals the whole session of the service; KILL after five seconds.
stop() {
  local pid
  if pid=$(pid_of "$1"); then
    kill "-${2:-TERM}" -- "-$pid" 2>/dev/null || true
    for _ in $(seq 50); do kill -0 -- "-$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$RUN/$1.pid"
}

port_of() {
  case $1 in
    keystone) echo 5000 ;; placement) echo 8778 ;; glance-api) echo 9292 ;; neutron-server) echo 9696 ;;
    nova-api) echo 8774 ;; cinder-api) echo 8776 ;; heat-api) echo 8004 ;; swift-proxy) echo 8889 ;;
    swift-object) echo 6210 ;; swift-container) echo 6211 ;; swift-account) echo 6212 ;;
  esac
}

# wait_http NAME: waits until the service returns anything but a 5xx.
wait_http() {
  local url code
  url=http://127.0.0.1:$(port_of "$1")/
  case $1 in swift-*) url=${url}healthcheck ;; esac
  for _ in $(seq 720); do
    code=$(curl -s -o /dev/null -m 5 -w '%{http_code}' "$url") || true
    case $code in 000 | 5*) ;; *) return 0 ;; esac
    alive "$1" || { echo "$1 died, see $LOG/$1.out" >&2; return 1; }
    sleep 0.25
  done
  echo "$1 is not up, see $LOG/$1.out" >&2
  return 1
}

wait_mariadb() {
  for _ in $(seq 240); do
    mariadb -uroot -S "$SOCK" -e 'select 1' >/dev/null 2>&1 && return
    sleep 0.25
  done
  echo "mariadb is not up, see $LOG/mariadb.err" >&2
  return 1
}
