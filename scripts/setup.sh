#!/usr/bin/env bash
# Installs what tests need on a Debian machine: a browser, a linter of shell scripts, Ansible, restic, duplicity and small tools. With
# "kubectl" or "postgres" as argument that too. Safe to repeat.
set -euo pipefail
need=()
command -v chromium >/dev/null || need+=(chromium fonts-dejavu-core)
command -v shellcheck >/dev/null || need+=(shellcheck)
command -v curl >/dev/null || need+=(curl ca-certificates)
command -v pgrep >/dev/null || need+=(procps)
command -v python3 >/dev/null || need+=(python3)
command -v ansible-playbook >/dev/null || need+=(ansible-core)
command -v restic >/dev/null || need+=(restic)
command -v duplicity >/dev/null && command -v swift >/dev/null || need+=(duplicity python3-swiftclient)
/usr/bin/python3 -c 'import keystoneclient' 2>/dev/null || need+=(python3-keystoneclient) # swift signs in to Keystone with it
command -v ssh >/dev/null || need+=(openssh-client)
for tool; do
  case $tool in
    kubectl) command -v kubectl >/dev/null || need+=(kubernetes-client) ;;
    postgres) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || need+=(postgresql) ;;
    *) echo "setup.sh: unknown tool $tool" >&2; exit 2 ;;
  esac
done
if [ ${#need[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "install these packages first: ${need[*]}" >&2
    exit 1
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${need[@]}"
fi
