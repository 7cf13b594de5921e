// Package deploy carries the data the product installs: the stack template with its user data, and
// the catalogue of apps. It holds no logic.
package deploy

import "embed"

// Files holds heat/, cloud-init/ and apps/.
//
//go:embed heat/*.yaml cloud-init/*.yaml all:apps
var Files embed.FS
