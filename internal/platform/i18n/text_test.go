package i18n_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/platform/i18n"
)

func TestNegotiate(t *testing.T) {
	for header, want := range map[string]string{
		"": "en", "fr": "fr", "FR-ca": "fr", "fr-FR,fr;q=0.9,en;q=0.8": "fr", "en-GB,fr;q=0.9": "en",
		"de, fr;q=0.5": "fr", "de": "en", "*": "en", "french": "fr", ";;,,": "en",
		"en;q=0.3, fr;q=0.7": "fr", "fr;q=0, en": "en", "fr;q=0": "en", "fr-CA;q=0.2, en;q=0.1": "fr",
	} {
		require.Equal(t, want, i18n.Negotiate(header), header)
	}
}

func TestText_FallsBackToEnglish(t *testing.T) {
	both, one := i18n.Text{En: "Stack", Fr: "Pile"}, i18n.Text{En: "Stack"}
	require.Equal(t, "Pile", both.In("fr"))
	require.Equal(t, "Stack", both.In("en"))
	require.Equal(t, "Stack", both.In("de"))
	require.Equal(t, "Stack", one.In("fr"))
	require.Equal(t, "en", i18n.Language(t.Context()))
	require.Equal(t, "fr", i18n.Language(i18n.With(t.Context(), "fr")))
	require.Equal(t, []string{"en", "fr"}, i18n.Languages())
}
