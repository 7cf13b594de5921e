package i18n_test

import (
	"slices"
	"testing"

	"mycloudmanager/internal/platform/i18n"
)

// FuzzNegotiate reads arbitrary Accept-Language headers. The result is always a language of the product.
func FuzzNegotiate(f *testing.F) {
	for _, header := range []string{"", "fr-FR,fr;q=0.9,en;q=0.8", "*", ";;,,", "en;q=x"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := i18n.Negotiate(header); !slices.Contains(i18n.Languages(), got) {
			t.Errorf("%q gives %q", header, got)
		}
	})
}
