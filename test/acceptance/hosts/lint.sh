#!/bin/bash
# The agents' playbooks, each as a run gets it, before ansible-lint; the cloud-config before cloud-init's own checker.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../../deploy"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for agent in apps/*/agent; do
  app=$work/$(basename "$(dirname "$agent")")
  cp -r "$agent" "$app"
  cp -r ansible/roles "$app/roles"
  (cd "$app" && /usr/bin/ansible-lint --offline -q --nocolor --profile production install.yml verify.yml remove.yml)
done
/usr/bin/cloud-init schema --config-file enroll/cloud-config.yaml
