package kubernetes

import "fmt"

func nodesReady(ready, total int) string {
	return fmt.Sprintf("%d of %d nodes are ready", ready, total)
}
func volumesLeft(n int) string { return fmt.Sprintf("%d volumes are still attached", n) }
func podsLeft(n int) string    { return fmt.Sprintf("%d pods are still there", n) }
