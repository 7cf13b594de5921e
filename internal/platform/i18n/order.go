package i18n

import (
	"cmp"
	"maps"
	"slices"
)

// sortLongestFirst sorts the keys so that a longer phrase is tried before a shorter one that would match too. The order
// is the same in every process.
func sortLongestFirst(texts map[string]string) []string {
	return slices.SortedFunc(maps.Keys(texts), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
}
