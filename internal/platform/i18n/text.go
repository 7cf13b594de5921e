// Package i18n holds the language of a request, and texts in the languages of the product.
package i18n

import (
	"context"

	"golang.org/x/text/language"
)

// Text is one text in every language.
type Text struct {
	En string `json:"en" yaml:"en"`
	Fr string `json:"fr" yaml:"fr"`
}

// Languages returns the languages of the product, the default first.
func Languages() []string { return []string{"en", "fr"} }

// In returns the text in the language, or in English.
func (t Text) In(language string) string {
	if language == "fr" && t.Fr != "" {
		return t.Fr
	}
	return t.En
}

type key struct{}

// With returns a context with the language.
func With(ctx context.Context, language string) context.Context {
	return context.WithValue(ctx, key{}, language)
}

// Language returns the language of the context, English by default.
func Language(ctx context.Context) string {
	if l, ok := ctx.Value(key{}).(string); ok {
		return l
	}
	return "en"
}

// matcher finds the language of the product for an Accept-Language header. Its tags are in the order of Languages.
var matcher = language.NewMatcher([]language.Tag{language.English, language.French})

// Negotiate returns the language of an Accept-Language header (RFC 9110, section 12.5.4) that the product speaks, by
// quality values and then by order. It returns English when the header is missing, malformed, or names no such language.
func Negotiate(header string) string {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return Languages()[0]
	}
	_, index, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return Languages()[0]
	}
	return Languages()[index]
}
