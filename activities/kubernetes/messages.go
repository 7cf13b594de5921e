package kubernetes

import (
	"mycloudmanager/internal/platform/i18n"
)

func nodesReady(ready, total int) i18n.Message {
	return i18n.Messagef("%d of %d nodes are ready", ready, total)
}
func volumesLeft(n int) i18n.Message { return i18n.Messagef("%d volumes are still attached", n) }
func podsLeft(n int) i18n.Message    { return i18n.Messagef("%d pods are still there", n) }
