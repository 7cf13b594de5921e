package i18n

import (
	_ "embed" // fr.yaml
	"fmt"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
	"sigs.k8s.io/yaml"
)

//go:embed fr.yaml
var french []byte

// translations are the French texts of the messages.
type translations struct {
	plain map[string]string // texts by format
	// formats has the texts again, for the messages with arguments.
	formats catalog.Catalog
}

var catalogue = sync.OnceValue(func() translations {
	t, err := parse(french)
	if err != nil {
		panic("internal/platform/i18n/fr.yaml: " + err.Error()) // a test reads the file too
	}
	return t
})

func parse(raw []byte) (translations, error) {
	t := translations{plain: map[string]string{}}
	if err := yaml.UnmarshalStrict(raw, &t.plain); err != nil {
		return t, err
	}
	builder := catalog.NewBuilder(catalog.Fallback(language.English))
	for format, text := range t.plain {
		if err := builder.SetString(language.French, format, text); err != nil {
			return t, fmt.Errorf("%q: %w", format, err)
		}
	}
	t.formats = builder
	return t, nil
}

func (t translations) translate(m Message) string {
	if len(m.args) == 0 {
		if text, ok := t.plain[m.format]; ok {
			return text
		}
		return m.format
	}
	args := make([]any, len(m.args))
	for i, arg := range m.args {
		switch arg := arg.(type) {
		case Message:
			args[i] = t.translate(arg)
		case string:
			args[i] = arg
		default:
			args[i] = number{arg}
		}
	}
	return message.NewPrinter(language.French, message.Catalog(t.formats)).Sprintf(m.format, args...)
}

// number formats an int64 or a float64 as package fmt does. Package message would group the digits, also those of ports
// and sizes. JSON does not distinguish 2 from 2.0: the verb does.
type number struct{ value any }

// Format implements fmt.Formatter.
func (n number) Format(state fmt.State, verb rune) {
	value := n.value
	switch v := value.(type) {
	case int64:
		if strings.ContainsRune("eEfFgG", verb) {
			value = float64(v)
		}
	case float64:
		if verb == 'd' {
			value = int64(v)
		}
	}
	_, _ = fmt.Fprintf(state, fmt.FormatString(state, verb), value)
}
