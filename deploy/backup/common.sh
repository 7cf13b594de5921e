# shellcheck shell=sh
# Backs up and restores the files of an instance, as root; the engine's part is appended to this one.
# Standard input has the parameters: lines "<name> <bytes>", each followed by that many bytes, and a line "go". Later lines
# are keepalives of the manager: the script ends when they stop. Its own lines on standard output begin with "mcm"; others
# are the engine's.
set -u
umask 077
script=${1:?}
work=
guards=
aside= # temporary target of an in-place restore
cache=/var/cache/mcm-backup # the engine's cache on the instance
# shellcheck disable=SC2034 # the engine's half reads it
never="/proc /sys /dev /run $cache" # excluded from every backup
holes=lost # set to kept by an engine that restores sparse files as sparse
mark=.mcm-restore # contains the id of the task that owns the directory

say() { echo "mcm $*"; }
die() {
  echo "$*" >&2
  exit 1
}

given() { cat "$work/$1"; }

clean_up() {
  # shellcheck disable=SC2086 # process ids have no blanks
  [ -z "$guards" ] || kill $guards 2>/dev/null
  [ ! -d "${work:-/nowhere}/gnupg" ] || GNUPGHOME=$work/gnupg gpgconf --kill gpg-agent 2>/dev/null
  rm -rf "$script" /run/mcm-backup.work.* "${scratch:-}" "${foreign:-}" "${temp:-}" "$aside"
}

read_items() {
  while read -r name size; do
    case $name in
      go) return ;;
      '' | *[!a-z_-]*) die "unknown item" ;;
    esac
    head -c "$size" >"$work/$name"
  done
  die "the manager was gone before it had said what to do"
}

# stop terminates the running program and its children.
stop() {
  : >"$work/gone"
  running=$(cat "$work/running" 2>/dev/null) || return 0
  kill -TERM "-$running" 2>/dev/null
  sleep 10
  kill -KILL "-$running" 2>/dev/null
}

# watch ends the script when the manager disconnects: standard input ends, or nothing arrives for two minutes
# because the manager's machine has died.
watch() {
  : >"$work/alive"
  {
    while read -r _; do : >"$work/alive"; done <&3
    stop
  } 9>&- >/dev/null 2>&1 &
  guards=$!
  {
    while sleep 15; do
      [ -z "$(find "$work/alive" -mmin +1)" ] || break
    done
    stop
  } 3<&- 9>&- </dev/null >/dev/null 2>&1 &
  guards="$guards $!"
  exec 3<&-
}

# run runs a program in its own process group.
run() {
  setsid "$@" </dev/null &
  running=$!
  echo "$running" >"$work/running"
  [ ! -e "$work/gone" ] || kill -TERM "-$running" 2>/dev/null
  wait "$running"
  code=$?
  rm -f "$work/running"
  [ ! -e "$work/gone" ] || return 143
  return "$code"
}

# engine runs the engine at low priority, with its environment, which hooks do not get.
engine() {
  while IFS='=' read -r name value; do
    export "$name=$value"
  done <"$work/env"
  run nice -n 10 "$@"
  code=$?
  while IFS='=' read -r name value; do
    unset "$name"
  done <"$work/env"
  return "$code"
}

# hook runs a hook command of the plan verbatim.
hook() {
  [ -s "$work/$1" ] || return 0
  (cd / && run sh "$work/$1" 9>&-) >"$work/said" 2>&1
  code=$?
  tail -c 16384 "$work/said" | while IFS= read -r line; do say said "$line"; done
  say hook "$1" "$code"
  return "$code"
}

# family prints the package format of this distribution: deb or rpm.
family() {
  # shellcheck source=/dev/null
  (. /etc/os-release
    case " ${ID:-} ${ID_LIKE:-} " in
      *' debian '* | *' ubuntu '*) echo deb ;;
      *' rhel '* | *' fedora '* | *' centos '*) echo rpm ;;
    esac)
}

install_deb() {
  tries=0
  until apt-get -q update </dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 4 ] || return 1
    sleep 10
  done
  DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" </dev/null
}

install_rpm() {
  for tool in dnf microdnf yum; do
    command -v $tool >/dev/null || continue
    $tool -y install "$@" </dev/null && return
    # On RHEL and its derivatives the package is in EPEL.
    $tool -y install epel-release </dev/null && $tool -y install "$@" </dev/null
    return
  done
  echo "there is neither dnf nor yum"
  return 1
}

# need installs a missing program from the distribution's packages.
need() {
  command -v "$1" >/dev/null && return
  shift
  say installing "$*"
  kind=$(family)
  [ -n "$kind" ] || die "this distribution is not supported: Debian, Ubuntu and the family of RHEL are"
  if ! "install_$kind" "$@" >"$work/said" 2>&1; then
    tail -n 20 "$work/said" >&2
    die "cannot install $*"
  fi
}

# room checks that the file system of $target has enough space, including what an earlier attempt has
# restored there.
room() {
  there=${target%/}$(head -n 1 "$work/roots")
  until [ -d "$there" ]; do there=$(dirname "$there"); done
  free=$(df -Pk "$there" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')
  have=$(each -printf '%s\n' | awk '{ bytes += $1 } END { printf "%.0f", bytes }')
  if awk "BEGIN { exit !($free + $have < $(given need)) }"; then
    say full "$free"
    exit 28
  fi
}

# ours reports whether the directory is missing, empty, or left by an earlier attempt of this task.
ours() {
  [ ! -L "$1" ] || return 1
  [ -e "$1" ] || return 0
  [ -d "$1" ] || return 1
  [ -n "$(find "$1" -mindepth 1 -maxdepth 1 | head -n 1)" ] || return 0
  [ "$(cat "$1/$mark" 2>/dev/null)" = "$(given task)" ]
}

# place chooses the target without overwriting existing files: the requested directory, or a numbered
# sibling. An in-place restore first goes to a temporary directory, completely.
place() {
  target=$(given target)
  if [ "$target" = / ]; then
    target=$(head -n 1 "$work/roots")
    until [ -d "$target" ]; do target=$(dirname "$target"); done
    target=${target%/}/.mcm-restore.d
    aside=$target
    say target /
  else
    number=0
    until ours "$target"; do
      number=$((number + 1))
      target=$(given target).$number
    done
    say target "$target"
  fi
  room
  [ ! -d "$target" ] || find "$target" -mindepth 1 -maxdepth 1 -exec rm -rf {} + # of an earlier attempt
  mkdir -p "$target" && given task >"$target/$mark" || exit 1
}

# each runs find on the files restored below $target.
each() {
  while IFS= read -r root; do
    [ ! -e "${target%/}$root" ] || find "${target%/}$root" -type f ! -name "$mark" "$@"
  done <"$work/roots"
}

count() {
  each -printf '%s\n' | awk '{ files++; bytes += $1 } END { printf "mcm restored %d %.0f\n", files, bytes }'
}

# dig makes files sparse again, on all processors. fallocate changes the modification time of a file with
# holes, which is restored; other files cost one process each. The stamp is a few seconds old for shells that
# compare whole seconds.
dig() {
  touch -d "5 seconds ago" "$work/stamp"
  # shellcheck disable=SC2016 # the inner shell expands
  each -size +127k -print0 | nice -n 10 xargs -0 -r -n 16 -P "$(nproc)" sh -c '
    stat -c %y "$@" | for file; do
      IFS= read -r time
      fallocate --dig-holes "$file" 2>/dev/null </dev/null
      [ ! "$file" -nt "$0" ] || touch -d "$time" "$file"
    done' "$work/stamp"
}

# finish counts the restored files and restores lost holes, once, after the last change.
finish() {
  [ ! -e "$work/finished" ] || return 0
  : >"$work/finished"
  count &
  counting=$!
  [ "$holes" = kept ] || dig
  wait "$counting"
}

# settle moves the files of an in-place restore to their place one by one, by a link on the same file system.
# Existing files are replaced, never written through.
settle() {
  [ -n "$aside" ] || return 0
  while IFS= read -r root; do
    if [ "$root" = / ]; then
      set -- / "$aside" -mindepth 1 -maxdepth 1 ! -name "$mark"
    elif [ -d "$aside$root" ] && [ ! -L "$aside$root" ]; then
      set -- "$root/" "$aside$root/." -maxdepth 0
    else
      set -- "$(dirname "$root")/" "$aside$root" -maxdepth 0
    fi
    (umask 022 && mkdir -p "$1") || return 1
    to=$1
    shift
    find "$@" -exec cp -al --remove-destination -t "$to" {} + 2>/dev/null || find "$@" -exec cp -a --remove-destination -t "$to" {} + || return 1
  done <"$work/roots"
  parent=$(dirname "$aside") # its time has changed twice, because of the temporary directory
  touch -r "$parent" "$work/stamp"
  rm -rf "$aside"
  touch -r "$work/stamp" "$parent"
}

backup() {
  if ! hook pre_hook && [ "$(given rule)" != continue ] || [ -e "$work/gone" ]; then
    code=1
  else
    say began "$(date +%s%N)"
    engine_backup
    code=$?
    say engine "$code"
  fi
  ended=$code
  rm -f "$work/gone" # the post-hook runs in any case
  hook post_hook
  return "$ended"
}

restore() {
  place
  engine_restore && finish && settle
}

# restore_test restores to a scratch directory and compares.
restore_test() {
  rm -rf /var/tmp/mcm-restore-test.* # of an attempt that was killed
  scratch=$(mktemp -d /var/tmp/mcm-restore-test.XXXXXX) || exit 1
  target=$scratch
  room
  engine_restore && finish
}

main() {
  trap clean_up EXIT
  trap '' PIPE # the cleanup must complete after the manager has disconnected
  trap 'stop; exit 143' TERM HUP INT
  exec 3<&0 9>/run/mcm-backup.lock
  work=/run/mcm-backup.work.$$
  if ! flock -w 120 9; then
    say busy
    work=
    exit 75
  fi
  rm -rf /run/mcm-backup.work.* # of an attempt that was killed
  mkdir "$work" || exit 1
  read_items <&3
  watch
  case $(given verb) in
    prepare) engine_prepare ;;
    find) engine_find ;;
    begin) engine_begin ;;
    backup) backup ;;
    list) engine_list ;;
    restore) restore ;;
    check) engine_check ;;
    restore_test) restore_test ;;
    forget) engine_forget ;;
    *) die "unknown verb" ;;
  esac
}
