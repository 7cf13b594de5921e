# shellcheck shell=sh disable=SC2154,SC2034
# The engine's part for restic. https://restic.readthedocs.io

restic_with() {
  engine restic --password-file "$work/password" --cache-dir "$cache" "$@"
}

engine_prepare() {
  need restic restic
  say version "$(restic version)"
}

engine_find() { restic_with snapshots --no-lock --json; }

# Removes the lock of a program that died on this machine; locks of other machines are kept.
engine_begin() {
  if [ "$(given exists)" = no ]; then
    restic_with init >&2
  else
    restic_with unlock >&2
  fi
}

engine_backup() {
  set -- --json --host "$(given instance)"
  while IFS= read -r tag; do set -- "$@" --tag="$tag"; done <"$work/tags"
  for directory in $never; do set -- "$@" --exclude="$directory"; done
  while IFS= read -r pattern; do set -- "$@" --exclude="$pattern"; done <"$work/excludes"
  limit=$(given limit)
  [ "$limit" = 0 ] || set -- "$@" --limit-upload="$limit"
  # As arguments: restic of Debian 11 has no file list option that does not interpret patterns.
  set -- "$@" --
  tr '\0' '\n' <"$work/directories" >"$work/paths"
  while IFS= read -r path; do set -- "$@" "$path"; done <"$work/paths"
  restic_with backup "$@"
}

engine_list() { restic_with ls --no-lock --json "$(given snapshot)"; }

# Newer releases restore sparse files themselves.
engine_restore() {
  set --
  if restic restore --help 2>/dev/null | grep -q -e --sparse; then
    set -- --sparse
    holes=kept
  fi
  while IFS= read -r pattern; do set -- "$@" --include="$pattern"; done <"$work/includes"
  mkfifo "$work/heard"
  listen <"$work/heard" &
  listening=$!
  restic_with restore "$(given snapshot)" --verify --target "$target" "$@" >"$work/heard"
  code=$?
  wait "$listening"
  return "$code"
}

# listen forwards restic's output. restic verifies at the end, and leaves processors idle then.
listen() {
  while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in 'verifying files in '*) finish ;; esac
  done
}

engine_check() { restic_with check --read-data-subset="$(given subset)"; }

engine_forget() {
  set --
  while IFS= read -r snapshot; do set -- "$@" "$snapshot"; done <"$work/snapshots"
  if [ $# -gt 0 ]; then restic_with forget "$@" || return; fi
  restic_with prune
}
