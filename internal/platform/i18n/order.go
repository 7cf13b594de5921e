package i18n

import (
	"cmp"
	"maps"
	"slices"
)

// sortLongestFirst orders the keys so that a phrase that says more is tried before one that would
// swallow it; the order is the same in every process.
func sortLongestFirst(texts map[string]string) []string {
	return slices.SortedFunc(maps.Keys(texts), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
}
