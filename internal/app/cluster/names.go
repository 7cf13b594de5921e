package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"sort"
)

// taskLabel returns a hash of the task ID. A label value may have at most 63 characters, and neither a colon nor a tilde.
func taskLabel(task string) string {
	if task == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(task))
	return hex.EncodeToString(sum[:16])
}

// sortReleases sorts releases by revision, newest first.
func sortReleases(list []Release) {
	sort.Slice(list, func(i, j int) bool { return list[i].Revision > list[j].Revision })
}
