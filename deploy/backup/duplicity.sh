# shellcheck shell=sh disable=SC2154,SC2034
# The engine's part for duplicity. https://duplicity.gitlab.io/stable/duplicity.1.html
archives=$cache/duplicity

# duplicity_with runs duplicity; the key is only in its environment. The home directory of gpg, including its
# agent, is deleted with the run.
duplicity_with() {
  temp=$archives/tmp
  mkdir -p "$temp" "$work/gnupg"
  GNUPGHOME=$work/gnupg
  export GNUPGHOME
  engine duplicity --archive-dir "${archive:-$archives}" --name "$(given archive)" --tempdir "$temp" --num-retries 3 --backend-retry-delay 5 "$@"
  code=$?
  unset GNUPGHOME
  return "$code"
}

# at prints the time of the requested backup in duplicity's format.
at() {
  snapshot=$(given snapshot)
  echo "${snapshot##*.}" | sed 's/\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\)Z/\1-\2-\3T\4:\5:\6Z/'
}

# guest ensures that nothing of another instance's repository is kept here.
guest() {
  [ -d "$archives/$(given archive)" ] || foreign=$archives/$(given archive)
}

engine_prepare() {
  need duplicity duplicity python3-swiftclient
  need swift python3-swiftclient
  say version "$(duplicity --version)"
}

# The manager lists and prunes backups itself.
engine_find() { :; }
engine_begin() { :; }
engine_forget() { :; }

engine_backup() {
  tr '\0' '\n' <"$work/directories" >"$work/roots"
  lost=
  there=
  while IFS= read -r root; do
    if [ -e "$root" ]; then
      there=yes
    else
      lost=yes
      echo "$root does not exist" >&2
    fi
  done <"$work/roots"
  if [ -z "$there" ]; then
    echo "Fatal: none of the directories exists" >&2
    return 1
  fi
  # Delete what an interrupted run has left; it is not resumed.
  rm -rf "$archives/tmp" "$archives/$(given archive)"/*.part
  set -- --full-if-older-than 30D --volsize 100 --allow-source-mismatch
  for directory in $never; do set -- "$@" --exclude="$directory"; done
  while IFS= read -r pattern; do set -- "$@" --exclude="$pattern"; done <"$work/excludes"
  while IFS= read -r pattern; do set -- "$@" --include="$pattern"; done <"$work/includes"
  duplicity_with "$@" --exclude='**' / "$(given repository)" || return
  [ -z "$lost" ] || return 3
}

# The changes of a set are in its signatures, a tar archive of entries without content. They lack the size, so the file's current
# size is used; for a file that has changed since, this is close enough.
# shellcheck disable=SC2016 # the other program expands
changes='
import json, os, sys, tarfile, time
for m in tarfile.open(sys.argv[1], "r|gz", encoding="utf-8", errors="surrogateescape"):
    kind, _, path = m.name.partition("/")
    path = path.rstrip("/")
    if not path:
        continue
    raw = b"/" + path.encode("utf-8", "surrogateescape")
    shown = raw.decode("utf-8", "replace")
    if kind == "deleted":
        print(json.dumps({"deleted": shown}))
        continue
    out = {"path": shown, "type": "dir" if m.isdir() else "symlink" if m.issym() else "file" if m.isreg() else "other", "mode": m.mode & 0o7777,
        "uid": m.uid, "gid": m.gid, "mtime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(m.mtime))}
    if m.isreg():
        try:
            out["size"] = os.lstat(raw).st_size
        except OSError:
            pass
    print(json.dumps({"entry": out}))
'

# duplicity lists only paths, types and times of the complete state.
# shellcheck disable=SC2016 # as above
lister='
import calendar, json, os, stat, sys, time
kinds = {"reg": "file", "dir": "dir", "sym": "symlink"}
for line in open(sys.argv[1], errors="surrogateescape"):
    word = line.rstrip("\n").split(" ", 3)
    if len(word) < 4 or word[:2] != ["INFO", "10"]:
        continue
    path, _, kind = word[3].rpartition(" ")
    path = path[1:-1].encode("latin-1", "surrogateescape").decode("unicode_escape")
    if path in (".", ""):
        continue
    raw = b"/" + path.encode("utf-8", "surrogateescape")
    when = calendar.timegm(time.strptime(word[2], "%Y%m%dT%H%M%SZ"))
    out = {"path": raw.decode("utf-8", "replace"), "type": kinds.get(kind, "other"), "mtime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when)), "mode": 0, "uid": 0, "gid": 0}
    try:
        now = os.lstat(raw)
        out.update(mode=stat.S_IMODE(now.st_mode), uid=now.st_uid, gid=now.st_gid)
        if kind == "reg":
            out["size"] = now.st_size
    except OSError:
        pass
    print(json.dumps({"entry": out}))
'

# engine_list lists the files of a set, or its changes.
engine_list() {
  guest
  time=$(given snapshot)
  time=${time##*.}
  if [ "$(given since)" = nothing ]; then
    duplicity_with list-current-files --log-file "$archives/tmp/list" --time "$(at)" "$(given repository)" >/dev/null || return
    python3 -c "$lister" "$archives/tmp/list"
    return
  fi
  for tries in 1 2; do
    for signatures in "$archives/$(given archive)"/duplicity-*-signatures."$time".sigtar.gz "$archives/$(given archive)"/duplicity-*-signatures.*.to."$time".sigtar.gz; do
      if [ -e "$signatures" ]; then
        python3 -c "$changes" "$signatures"
        return
      fi
    done
    [ "$tries" = 2 ] || duplicity_with list-current-files --time "$(at)" "$(given repository)" >/dev/null || return # downloads the signatures
  done
  die "the signatures of $time are not there"
}

# Each path is restored separately: duplicity cannot restore several at a time.
engine_restore() {
  guest
  if [ ! -s "$work/includes" ] || [ "$(cat "$work/roots")" = / ]; then
    duplicity_with restore --force --numeric-owner --time "$(at)" "$(given repository)" "$target" || return
    chmod 700 "$target" # it received the mode of /
  else
    while IFS= read -r root; do
      (umask 022 && mkdir -p "$(dirname "$target$root")") || return
      duplicity_with restore --force --numeric-owner --time "$(at)" -r "${root#/}" "$(given repository)" "$target$root" || return
    done <"$work/roots"
  fi
}

# The local cache of the repository is ignored, so that everything is downloaded and verified again.
engine_check() {
  scratch=$(mktemp -d /var/tmp/mcm-check.XXXXXX) || exit 1
  archive=$scratch
  duplicity_with list-current-files --time "$(at)" "$(given repository)" >/dev/null || return
  for manifest in "$scratch/$(given archive)"/*.manifest; do
    set=${manifest%.manifest}
    awk -v set="${set##*.}" '$1 == "Volume" { n = $2 + 0 } $1 == "Hash" { print "mcm volume", set, n, $3 }' "$manifest"
  done
}
