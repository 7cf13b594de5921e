# shellcheck shell=sh disable=SC2154
# The engine's half for restic. https://restic.readthedocs.io

restic_with() {
  engine restic --password-file "$work/password" "$@"
}

engine_prepare() {
  need restic restic
  say version "$(restic version)"
}

engine_find() { restic_with snapshots --no-lock --json; }

# A lock of a program that died on this machine goes; those of others stay.
engine_begin() {
  if [ "$(given exists)" = no ]; then
    restic_with init >&2
  else
    restic_with unlock >&2
  fi
}

engine_backup() {
  set -- --json --host "$(given instance)" --exclude=/proc --exclude=/sys --exclude=/dev --exclude=/run --exclude=/var/cache/mcm-backup
  while IFS= read -r tag; do set -- "$@" --tag="$tag"; done <"$work/tags"
  while IFS= read -r pattern; do set -- "$@" --exclude="$pattern"; done <"$work/excludes"
  limit=$(given limit)
  [ "$limit" = 0 ] || set -- "$@" --limit-upload="$limit"
  # By arguments: restic of Debian 11 takes no list that it would not read as patterns.
  set -- "$@" --
  tr '\0' '\n' <"$work/directories" >"$work/paths"
  while IFS= read -r path; do set -- "$@" "$path"; done <"$work/paths"
  restic_with backup "$@"
}

engine_list() { restic_with ls --no-lock --json "$(given snapshot)"; }

# Holes of files are made anew by newer releases themselves.
engine_restore() {
  set --
  holes=yes
  if restic restore --help 2>/dev/null | grep -q -e --sparse; then
    set -- --sparse
    holes=no
  fi
  while IFS= read -r pattern; do set -- "$@" --include="$pattern"; done <"$work/includes"
  restic_with restore "$(given snapshot)" --verify --target "$target" "$@" || return
  [ $holes = no ] || dig
}

engine_check() { restic_with check --read-data-subset="$(given subset)"; }

engine_forget() {
  set --
  while IFS= read -r snapshot; do set -- "$@" "$snapshot"; done <"$work/snapshots"
  if [ $# -gt 0 ]; then restic_with forget "$@" || return; fi
  restic_with prune
}
