#!/bin/sh
# Enrolls this machine with MyCloudManager: creates the user that the manager logs in as, sends the machine's facts and
# SSH host keys, and waits until the manager has logged in. Run it as root. Idempotent.
#   (no argument)  enroll; the token is the shell variable MCM_TOKEN, set by the line before this script
#   --uninstall    undo all changes
# Exits with 0 once the machine is enrolled, else prints the reason.

url='@MCM_URL@'
state=/var/lib/mcm-enroll # records the changes, so that they can be undone
account=mcm
sudoers=/etc/sudoers.d/mcm
lock=/run/mcm-enroll.lock # an uninstall continues after the manager disconnects, and must finish first
work=

ca() {
  cat <<'MCM_CA'
@MCM_CA@
MCM_CA
}

say() { echo "mcm: $*"; }
die() {
  echo "mcm: $*" >&2
  exit 1
}

clean_up() {
  [ -n "$work" ] || return 0
  if [ -d "$work/drive" ]; then umount "$work/drive" 2>/dev/null; fi
  rm -rf "$work"
  rmdir "$state" 2>/dev/null || : # a refused machine is left unchanged; the directory is not empty if anything was changed
}

# family prints the package format of this distribution: deb or rpm.
family() {
  [ -r /etc/os-release ] || return 0
  # shellcheck source=/dev/null
  (. /etc/os-release
    case " ${ID:-} ${ID_LIKE:-} " in
      *' debian '* | *' ubuntu '*) echo deb ;;
      *' rhel '* | *' fedora '* | *' centos '*) echo rpm ;;
    esac)
}

# release FIELD prints a field of os-release.
release() {
  # shellcheck source=/dev/null
  (. /etc/os-release && eval "echo \"\${$1:-}\"")
}

installed_packages() {
  case $(family) in
    deb) dpkg-query -W -f '${Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p' ;;
    rpm) rpm -qa --qf '%{NAME}\n' ;;
  esac | LC_ALL=C sort -u
}

install_deb() {
  # Another package manager may be running, especially on the first boot.
  tries=0
  until apt-get -q update </dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 6 ] || return 1
    sleep 10
  done
  DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" </dev/null
}

install_rpm() {
  for tool in dnf microdnf yum; do
    if command -v $tool >/dev/null; then
      $tool -y install "$@" </dev/null
      return
    fi
  done
  echo "there is neither dnf nor yum"
  return 1
}

# install_missing installs python3 and sudo, and records the packages that were added. Ansible needs apt's
# Python module.
install_missing() {
  set --
  [ -x /usr/bin/python3 ] || set -- "$@" python3
  if [ "$(family)" = deb ] && ! /usr/bin/python3 -c 'import apt' 2>/dev/null; then set -- "$@" python3-apt; fi
  command -v visudo >/dev/null || set -- "$@" sudo
  [ $# -gt 0 ] || return 0
  say "installing $*"
  installed_packages >"$work/before"
  if ! "install_$(family)" "$@" >"$work/log" 2>&1; then
    tail -n 20 "$work/log" >&2
    die "cannot install $*: what the package manager said is above"
  fi
  installed_packages >"$work/after"
  LC_ALL=C comm -13 "$work/before" "$work/after" >>"$state/packages"
}

# program prints the Python program that speaks JSON and HTTP. It reads the token from standard input.
program() {
  cat >"$work/talk.py" <<'PYTHON'
import json, os, ssl, sys, time, urllib.error, urllib.request

mode, work = sys.argv[1], sys.argv[2]
environ = os.environ


def fail(words):
    sys.exit("mcm: " + words)


def lines(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def post(path, body):
    """Returns the answer, or raises ValueError with the manager's own words, or OSError when it does not answer."""
    certificates = os.path.join(work, "ca.pem")
    context = ssl.create_default_context(cafile=certificates if os.path.getsize(certificates) else None)
    request = urllib.request.Request(
        environ["url"] + path, data=json.dumps(body).encode(), method="POST",
        headers={"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "mcm-enroll"})
    https = {"context": context} if environ["url"].startswith("https:") else {}
    try:
        with urllib.request.urlopen(request, timeout=30, **https) as answer:
            return json.loads(answer.read().decode())
    except urllib.error.HTTPError as refused:
        text = refused.read().decode(errors="replace")
        try:
            problem = json.loads(text)
            words = problem.get("detail") or problem.get("title")
        except (ValueError, AttributeError):
            words = None
        words = words or "%s %s" % (refused.code, refused.reason)
        if refused.code >= 500:
            raise OSError(words)
        raise ValueError(words)


def identity():
    try:
        print(json.load(sys.stdin)["uuid"].lower())
    except (ValueError, KeyError, AttributeError, TypeError):
        pass


def metadata():
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open("http://169.254.169.254/openstack/latest/meta_data.json", timeout=3) as answer:
            print(json.loads(answer.read().decode())["uuid"].lower())
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        pass


def enroll():
    keys = []
    for name in sorted(os.listdir("/etc/ssh")):
        if name.startswith("ssh_host_") and name.endswith("_key.pub"):
            with open(os.path.join("/etc/ssh", name)) as file:
                keys.append(" ".join(file.read().split()[:2]))
    facts = {name: environ.get("fact_" + name, "") for name in (
        "hostname", "distribution", "distribution_version", "architecture", "kernel", "machine_id")}
    facts["python"] = "%d.%d.%d" % sys.version_info[:3]
    facts["addresses"] = environ.get("fact_addresses", "").split()
    try:
        answer = post("/api/v1/enroll", {
            "token": sys.stdin.read().strip(), "server_id": environ["server"], "host_keys": keys, "facts": facts})
    except ValueError as refused:
        fail("the manager refuses: %s" % refused)
    except OSError as error:
        fail("the manager at %s does not answer: %s" % (environ["url"], error))
    allowed = lines("\n".join(answer.get("authorized_keys") or []))
    if not allowed:
        fail("the manager sent no key to let in")
    with open(os.path.join(work, "authorized_keys"), "w") as file:
        file.write("\n".join(allowed) + "\n")
    print("mcm: accepted, see %s" % answer.get("task_url", environ["url"]))


def follow():
    token, said, end = sys.stdin.read().strip(), None, time.time() + int(environ["patience"])
    trouble = "it goes on"
    while time.time() < end:
        try:
            answer = post("/api/v1/enroll/status", {"token": token, "server_id": environ["server"]})
        except ValueError as refused:
            fail("the manager refuses: %s" % refused)
        except OSError as error:
            trouble = "the manager does not answer: %s" % error
            time.sleep(2)
            continue
        status, message = answer.get("status"), answer.get("message") or ""
        if status == "succeeded":
            print("mcm: enrolled")
            return
        if status == "blocked":
            fail("enrollment waits for a person in MyCloudManager: %s" % message)
        if status != "running":
            fail("enrollment %s: %s" % (status, message or "no reason was given"))
        if message and message != said:
            print("mcm: %s" % message, flush=True)
            said = message
        trouble = message or trouble
        time.sleep(2)
    fail("not enrolled after %s s: %s" % (environ["patience"], trouble))


{"identity": identity, "metadata": metadata, "enroll": enroll, "follow": follow}[mode]()
PYTHON
}

talk() { /usr/bin/python3 "$work/talk.py" "$1" "$work"; }

# from_drive prints the server id from the config drive.
from_drive() {
  for label in config-2 CONFIG-2; do
    device=/dev/disk/by-label/$label
    [ -e "$device" ] || device=$(blkid -L "$label" 2>/dev/null) || continue
    mkdir -p "$work/drive"
    mount -o ro "$device" "$work/drive" 2>/dev/null || continue
    talk identity <"$work/drive/openstack/latest/meta_data.json" 2>/dev/null
    umount "$work/drive"
    return
  done
}

# from_dmi prints the server id that Nova sets in the machine's firmware tables.
from_dmi() {
  for field in product_uuid product_serial; do
    tr '[:upper:]' '[:lower:]' 2>/dev/null <"/sys/class/dmi/id/$field" |
      grep -Ex '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' && return
  done
}

# server_id prints this server's OpenStack id. MCM_SERVER_ID is for machines that cannot determine it
# otherwise.
server_id() {
  id=${MCM_SERVER_ID:-}
  [ -n "$id" ] || id=$(talk metadata)
  [ -n "$id" ] || id=$(from_drive)
  [ -n "$id" ] || id=$(from_dmi 2>/dev/null)
  echo "$id"
}

host_keys() {
  for key in /etc/ssh/ssh_host_*_key.pub; do
    [ -e "$key" ] && return
  done
  [ -x /usr/sbin/sshd ] || die "there is no SSH server on this machine: install openssh-server"
  ssh-keygen -A >/dev/null
}

collect_facts() {
  fact_hostname=$(uname -n)
  fact_distribution=$(release ID)
  fact_distribution_version=$(release VERSION_ID)
  fact_architecture=$(uname -m)
  fact_kernel=$(uname -r)
  fact_machine_id=$(cat /etc/machine-id 2>/dev/null)
  if command -v ip >/dev/null; then
    fact_addresses=$(ip -o addr show scope global | awk '{ sub("/.*", "", $4); print $4 }')
  else
    fact_addresses=$(hostname -I 2>/dev/null)
  fi
  export fact_hostname fact_distribution fact_distribution_version fact_architecture fact_kernel fact_machine_id fact_addresses
}

make_user() {
  if ! id "$account" >/dev/null 2>&1; then
    : >"$state/user"
    useradd --system --create-home --home-dir "/home/$account" --shell /bin/sh --comment MyCloudManager "$account" ||
      die "cannot make the user $account"
    # "*" matches no password. A locked account ("!") would be refused by an SSH server without PAM.
    usermod --password '*' "$account"
  fi
  home=$(getent passwd "$account" | cut -d: -f6)
  group=$(id -gn "$account")
  mkdir -p "$home/.ssh"
  cp "$work/authorized_keys" "$home/.ssh/authorized_keys.new"
  chown -R "$account:$group" "$home/.ssh"
  chmod 700 "$home/.ssh"
  chmod 600 "$home/.ssh/authorized_keys.new"
  mv "$home/.ssh/authorized_keys.new" "$home/.ssh/authorized_keys"
  if command -v restorecon >/dev/null; then restorecon -R "$home/.ssh"; fi
}

# make_sudoers lets the user become root. sudo ignores file names with a dot, so the file takes effect only
# after the check.
make_sudoers() {
  mkdir -p "${sudoers%/*}"
  printf 'Defaults:%s !requiretty\n%s ALL=(ALL:ALL) NOPASSWD: ALL\n' "$account" "$account" >"$sudoers.new"
  chmod 440 "$sudoers.new"
  if ! visudo -cf "$sudoers.new" >"$work/log" 2>&1; then
    rm -f "$sudoers.new"
    die "visudo refuses our file: $(cat "$work/log")"
  fi
  mv "$sudoers.new" "$sudoers"
  sudo -l -U "$account" 2>/dev/null | grep -q NOPASSWD || die "sudo does not read ${sudoers%/*}: add '@includedir ${sudoers%/*}' to /etc/sudoers"
}

enroll() {
  token=$1
  if [ -e "$lock" ] && command -v flock >/dev/null; then flock -w 120 "$lock" true || die "enroll.sh --uninstall still runs on this machine"; fi
  [ -n "$token" ] || die "there is no token: run the whole command that MyCloudManager shows"
  [ -n "$(family)" ] || die "this distribution is not supported ($(release PRETTY_NAME)): Debian, Ubuntu and the family of RHEL are"
  if id "$account" >/dev/null 2>&1 && ! [ -e "$state/user" ]; then
    die "there is a user $account that enrollment did not make: rename it first"
  fi
  mkdir -p "$state"
  chmod 700 "$state"
  install_missing
  program
  ca | grep -v '^$' >"$work/ca.pem" || :
  host_keys
  server=$(server_id)
  [ -n "$server" ] || die "this machine does not know which server of OpenStack it is: neither the metadata service, nor a config drive, nor the firmware says it"
  patience=${MCM_PATIENCE:-600}
  export url server patience
  collect_facts
  say "server $server, asking $url"
  printf '%s\n' "$token" | talk enroll || exit 1
  make_user
  make_sudoers
  say "user $account is ready, waiting for the manager to sign in"
  printf '%s\n' "$token" | talk follow || exit 1
}

# remove_packages removes the packages that install_missing installed, unless others need them now.
remove_packages() {
  [ -s "$state/packages" ] || return 0
  # shellcheck disable=SC2046 # names of packages have no blanks
  set -- $(sort -u "$state/packages")
  case $(family) in
    deb) SUDO_FORCE_REMOVE=yes dpkg --no-act --purge "$@" >/dev/null 2>&1 && SUDO_FORCE_REMOVE=yes dpkg --purge "$@" >/dev/null 2>&1 ;;
    rpm) rpm -e --test "$@" >/dev/null 2>&1 && rpm -e "$@" >/dev/null 2>&1 ;;
  esac || say "these packages stay, other programs use them: $*"
}

uninstall() {
  trap '' PIPE # the manager's connection ends with its user, so later output reaches nobody
  if command -v flock >/dev/null; then
    exec 9>"$lock"
    flock 9
  fi
  rm -f "$sudoers" "$sudoers.new"
  if [ -e "$state/user" ] && id "$account" >/dev/null 2>&1; then
    if command -v pkill >/dev/null; then pkill -KILL -u "$account" || :; fi
    userdel -f -r "$account" >"$work/log" 2>&1 || :
    id "$account" >/dev/null 2>&1 && die "cannot remove the user $account: $(cat "$work/log")"
  fi
  remove_packages
  rm -rf "$state" "$lock"
  say "removed; remove the instance in MyCloudManager too"
}

main() {
  token=${MCM_TOKEN:-}
  unset MCM_TOKEN # if it was exported, do not pass it on
  [ "$(id -u)" = 0 ] || die "this must run as root: put sudo before sh"
  work=$(mktemp -d) || die "cannot make a temporary folder"
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP
  case ${1:-} in
    '') enroll "$token" ;;
    --uninstall) uninstall ;;
    *) die "unknown argument $1: there is --uninstall" ;;
  esac
}

main "$@"
