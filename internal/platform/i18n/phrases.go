package i18n

import (
	"context"
	_ "embed" // fr.yaml
	"regexp"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"
)

// Messages are created, stored and audited in English: a task outlives the language of its reader. They are translated
// when they leave the API, by the phrases of fr.yaml, whose keys are the formats in the code. A message without a
// phrase, such as a text of the cloud, is returned unchanged.

//go:embed fr.yaml
var french []byte

type phrase struct {
	english *regexp.Regexp
	french  string // with the verbs of the English text in the same order
}

// phrasebook holds the phrases: those without verbs by their text, the others from the longest key to the shortest.
type phrasebook struct {
	plain    map[string]string
	patterns []phrase
}

var phrases = sync.OnceValue(func() phrasebook {
	b, err := parseBook(french)
	if err != nil {
		panic("internal/platform/i18n/fr.yaml: " + err.Error()) // a test reads the file too
	}
	return b
})

var verb = regexp.MustCompile(`%(?:\[\d+\])?[a-z]|%%`)

func parseBook(raw []byte) (phrasebook, error) {
	var texts map[string]string
	if err := yaml.UnmarshalStrict(raw, &texts); err != nil {
		return phrasebook{}, err
	}
	b := phrasebook{plain: map[string]string{}}
	for _, key := range sortLongestFirst(texts) {
		if !verb.MatchString(key) {
			b.plain[key] = texts[key]
			continue
		}
		pattern, err := regexp.Compile("^" + patternOf(key) + "$")
		if err != nil {
			return phrasebook{}, err
		}
		b.patterns = append(b.patterns, phrase{pattern, texts[key]})
	}
	return b, nil
}

// patternOf converts a format to an expression that matches its arguments.
func patternOf(format string) string {
	var out strings.Builder
	rest := format
	for {
		at := verb.FindStringIndex(rest)
		if at == nil {
			return out.String() + regexp.QuoteMeta(rest)
		}
		out.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		switch rest[at[0]:at[1]] {
		case "%%":
			out.WriteString("%")
		case "%d":
			out.WriteString(`(-?\d+)`)
		case "%q":
			out.WriteString(`("[^"]*")`)
		default:
			out.WriteString(`([\s\S]*?)`)
		}
		rest = rest[at[1]:]
	}
}

// Translate translates an English message to the language of the context.
func Translate(ctx context.Context, english string) string {
	return TranslateTo(Language(ctx), english)
}

// TranslateTo translates an English message, and the messages that it contains.
func TranslateTo(language, english string) string {
	if language != "fr" || english == "" {
		return english
	}
	b := phrases()
	if text, ok := b.plain[english]; ok {
		return text
	}
	for _, p := range b.patterns {
		if found := p.english.FindStringSubmatch(english); found != nil {
			return fill(p.french, found[1:])
		}
	}
	return english
}

func fill(format string, quoted []string) string {
	next := 0
	return verb.ReplaceAllStringFunc(format, func(string) string {
		if next >= len(quoted) {
			return ""
		}
		next++
		return TranslateTo("fr", quoted[next-1])
	})
}
