// Package deploy embeds the files that the product installs: the stack template with its user data, the
// enrollment and backup scripts, the Ansible roles shared by agents, and the app catalog. It contains no logic.
package deploy

import "embed"

// Files holds heat/, cloud-init/, enroll/, backup/, ansible/ and apps/.
//
//go:embed heat/*.yaml cloud-init/*.yaml enroll/enroll.sh enroll/cloud-config.yaml backup/*.sh all:ansible all:apps
var Files embed.FS
