package i18n

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Message is a message for users: a format and its arguments. A message is created in English, stored as format and
// arguments, because a task outlives the language of its reader, and rendered in the language of the reader by In. The
// format is the key of the translations in fr.yaml.
//
// The JSON form is a string for a message without arguments, and otherwise an object with the members message (the format)
// and args. An argument is a string, a number or such an object.
type Message struct {
	format string
	args   []any // string, int64, float64 or Message
}

// Messagef returns a message. Arguments other than numbers and messages are converted to strings. An error argument is
// the message of the error if it has the method Localizable, and otherwise its text.
func Messagef(format string, args ...any) Message {
	m := Message{format: format}
	for _, arg := range args {
		m.args = append(m.args, argument(arg))
	}
	if format == "%s" && len(args) == 1 {
		switch arg := m.args[0].(type) {
		case Message:
			return arg
		case string:
			return Verbatim(arg)
		}
	}
	return m
}

// Verbatim returns a message with a text that has no translation, for example the text of a cloud or of Ansible.
func Verbatim(text string) Message { return Message{format: text} }

// Join returns one message that contains the messages, with the separator between them.
func Join(messages []Message, separator string) Message {
	switch len(messages) {
	case 0:
		return Message{}
	case 1:
		return messages[0]
	}
	m := Message{format: strings.Repeat(strings.ReplaceAll(separator, "%", "%%")+"%s", len(messages))[len(separator):]}
	for _, part := range messages {
		m.args = append(m.args, part)
	}
	return m
}

// Localizable is implemented by errors with a message for users.
type Localizable interface{ LocalizableMessage() Message }

func argument(arg any) any {
	switch arg := arg.(type) {
	case Message:
		return arg
	case string:
		return arg
	case error:
		if l, ok := errors.AsType[interface {
			error
			Localizable
		}](arg); ok {
			return argument(l.LocalizableMessage())
		}
		return arg.Error()
	case []Message:
		return Join(arg, ", ")
	}
	if _, ok := arg.(fmt.Stringer); !ok {
		switch v := reflect.ValueOf(arg); {
		case v.CanInt():
			return v.Int()
		case v.CanUint():
			return int64(v.Uint()) //nolint:gosec // sizes and counters are far below 2^63
		case v.CanFloat():
			return v.Float()
		}
	}
	return fmt.Sprint(arg)
}

// IsZero reports whether the message is empty. encoding/json calls it for omitzero.
func (m Message) IsZero() bool { return m.format == "" }

// Equal reports whether both messages have the same format and arguments.
func (m Message) Equal(other Message) bool {
	return m.format == other.format && slices.EqualFunc(m.args, other.args, func(a, b any) bool {
		left, ok := a.(Message)
		right, also := b.(Message)
		if ok && also {
			return left.Equal(right)
		}
		return !ok && !also && a == b
	})
}

// Key returns the format, the key of the translations.
func (m Message) Key() string { return m.format }

// Argument returns the English text of an argument, or "" if there is none with the index.
func (m Message) Argument(index int) string {
	if index >= len(m.args) {
		return ""
	}
	return fmt.Sprint(m.args[index])
}

// String returns the English text.
func (m Message) String() string {
	if len(m.args) == 0 {
		return m.format
	}
	args := make([]any, len(m.args))
	for i, arg := range m.args {
		switch arg.(type) {
		case int64, float64:
			arg = number{arg}
		}
		args[i] = arg
	}
	return fmt.Sprintf(m.format, args...)
}

// In returns the text in the language. Arguments that are messages are translated too. A format without a translation is
// rendered in English.
func (m Message) In(language string) string {
	if language != "fr" {
		return m.String()
	}
	return catalogue().translate(m)
}

// For returns the text in the language of the context.
func (m Message) For(ctx context.Context) string { return m.In(Language(ctx)) }

// Localized returns a message that is only the text in the language. Its JSON form is a string. Use it for messages that
// leave the API.
func (m Message) Localized(language string) Message { return Verbatim(m.In(language)) }

type encodedMessage struct {
	Format string            `json:"message"`
	Args   []json.RawMessage `json:"args"`
}

// MapText returns the message with f applied to its texts from outside: the string arguments, and the text of a message
// without arguments.
func (m Message) MapText(f func(string) string) Message {
	if len(m.args) == 0 {
		return Verbatim(f(m.format))
	}
	out := Message{format: m.format}
	for _, arg := range m.args {
		switch text := arg.(type) {
		case string:
			arg = f(text)
		case Message:
			arg = text.MapText(f)
		}
		out.args = append(out.args, arg)
	}
	return out
}

// MarshalJSON implements json.Marshaler.
func (m Message) MarshalJSON() ([]byte, error) {
	if len(m.args) == 0 {
		return json.Marshal(m.format)
	}
	return json.Marshal(m.object())
}

type encodedObject struct {
	Format string `json:"message"`
	Args   []any  `json:"args"`
}

// object returns the JSON form of a message with arguments, which is also that of a message in an argument: a string there
// is a text.
func (m Message) object() encodedObject {
	out := encodedObject{m.format, []any{}}
	for _, arg := range m.args {
		if nested, ok := arg.(Message); ok {
			arg = nested.object()
		}
		out.Args = append(out.Args, arg)
	}
	return out
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Message) UnmarshalJSON(raw []byte) error {
	*m = Message{}
	if trimmed := bytes.TrimSpace(raw); len(trimmed) == 0 || trimmed[0] != '{' {
		return json.Unmarshal(raw, &m.format)
	}
	var s encodedMessage
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return err
	}
	if !isSimple(s.Format) {
		return fmt.Errorf("not the format of a message: %q", s.Format)
	}
	m.format = s.Format
	for _, raw := range s.Args {
		arg, err := decodeArgument(raw)
		if err != nil {
			return err
		}
		m.args = append(m.args, arg)
	}
	return nil
}

// isSimple reports whether the format has only verbs that messages use. A stored format with a width could require any
// amount of memory.
func isSimple(format string) bool {
	for {
		_, rest, ok := strings.Cut(format, "%")
		if !ok {
			return true
		}
		if len(rest) > 2 && rest[0] == '.' && rest[1] >= '0' && rest[1] <= '9' {
			rest = rest[2:]
		}
		if rest == "" || !strings.ContainsRune("sdqvf%", rune(rest[0])) {
			return false
		}
		format = rest[1:]
	}
}

func decodeArgument(raw json.RawMessage) (any, error) {
	switch raw[0] {
	case '{':
		var m Message
		err := m.UnmarshalJSON(raw)
		return m, err
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return nil, err
	}
	if n, err := number.Int64(); err == nil {
		return n, nil
	}
	return number.Float64()
}

// MarshalText implements encoding.TextMarshaler, for properties that hold only strings: the text of a message without
// arguments, and otherwise its JSON form.
func (m Message) MarshalText() ([]byte, error) {
	if len(m.args) == 0 {
		return []byte(m.format), nil
	}
	return m.MarshalJSON()
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *Message) UnmarshalText(text []byte) error {
	if !bytes.HasPrefix(text, []byte(`{"message":`)) || m.UnmarshalJSON(text) != nil {
		*m = Verbatim(string(text))
	}
	return nil
}

// MessageFrom returns the message that a decoded JSON value is the JSON form of. Workflows call it.
func MessageFrom(value any) (m Message, ok bool) {
	if text, ok := value.(string); ok {
		return Verbatim(text), true
	}
	object, _ := value.(map[string]any)
	format, isText := object["message"].(string)
	args, isList := object["args"].([]any)
	if !isText || !isList || len(object) != 2 || !isSimple(format) {
		return Message{}, false
	}
	m.format = format
	for _, arg := range args {
		if _, ok := arg.(map[string]any); ok {
			if arg, ok = MessageFrom(arg); !ok {
				return Message{}, false
			}
		}
		m.args = append(m.args, arg)
	}
	return m, true
}

// LocalizeValue returns a decoded JSON value in which each message with arguments is replaced by its text in the language.
func LocalizeValue(value any, language string) any {
	switch value := value.(type) {
	case []any:
		out := make([]any, len(value))
		for i, v := range value {
			out[i] = LocalizeValue(v, language)
		}
		return out
	case map[string]any:
		if m, ok := MessageFrom(value); ok {
			return m.In(language)
		}
		out := make(map[string]any, len(value))
		for k, v := range value {
			out[k] = LocalizeValue(v, language)
		}
		return out
	}
	return value
}
