// Package deploy carries the data the product installs: the stack template with its user data, what
// enrolls instances and backs them up, the roles that agents share, and the catalogue of apps. It holds no logic.
package deploy

import "embed"

// Files holds heat/, cloud-init/, enroll/, backup/, ansible/ and apps/.
//
//go:embed heat/*.yaml cloud-init/*.yaml enroll/enroll.sh enroll/cloud-config.yaml backup/*.sh all:ansible all:apps
var Files embed.FS
