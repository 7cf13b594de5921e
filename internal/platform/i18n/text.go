// Package i18n carries the reader's language and texts in each language the product speaks.
package i18n

import (
	"context"
	"strings"
)

// Text is one sentence in every language.
type Text struct {
	En string `json:"en" yaml:"en"`
	Fr string `json:"fr" yaml:"fr"`
}

// Languages lists what the product speaks, the default first.
func Languages() []string { return []string{"en", "fr"} }

// In returns the text in the language, or in English.
func (t Text) In(language string) string {
	if language == "fr" && t.Fr != "" {
		return t.Fr
	}
	return t.En
}

type key struct{}

// With returns a context that carries the language.
func With(ctx context.Context, language string) context.Context {
	return context.WithValue(ctx, key{}, language)
}

// Of returns the language of the context, English by default.
func Of(ctx context.Context) string {
	if l, ok := ctx.Value(key{}).(string); ok {
		return l
	}
	return "en"
}

// Negotiate picks a language from an Accept-Language header. Only the order of the list counts,
// which is how every browser sends it.
func Negotiate(header string) string {
	for part := range strings.SplitSeq(header, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch base, _, _ := strings.Cut(strings.ToLower(tag), "-"); base {
		case "fr", "en":
			return base
		}
	}
	return "en"
}
