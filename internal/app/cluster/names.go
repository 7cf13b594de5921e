package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"sort"
)

// taskLabel converts a task ID to a valid label: at most 63 characters, no colon, no tilde.
func taskLabel(task string) string {
	if task == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(task))
	return hex.EncodeToString(sum[:16])
}

func sortReleases(list []Release) {
	sort.Slice(list, func(i, j int) bool { return list[i].Revision > list[j].Revision })
}
