// Package deploy carries the data the product installs: the stack template with its user data, what
// enrolls instances, the roles that agents share, and the catalogue of apps. It holds no logic.
package deploy

import "embed"

// Files holds heat/, cloud-init/, enroll/, ansible/ and apps/.
//
//go:embed heat/*.yaml cloud-init/*.yaml enroll/enroll.sh enroll/cloud-config.yaml all:ansible all:apps
var Files embed.FS
