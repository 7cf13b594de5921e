package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// schema is the values.schema.json of a chart. Users can set the properties environment and parameters.
type schema struct {
	document map[string]any
	compiled *jsonschema.Schema // of environment and parameters only
}

// sections are the two sections of the settings.
var sections = []string{"environment", "parameters"}

func parseSchema(raw []byte) (schema, error) {
	var s schema
	if err := json.Unmarshal(raw, &s.document); err != nil {
		return s, err
	}
	properties, _ := s.document["properties"].(map[string]any)
	for _, section := range sections {
		h, ok := properties[section].(map[string]any)
		if !ok {
			return s, fmt.Errorf("properties.%s: missing", section)
		}
		if h["additionalProperties"] != false {
			return s, fmt.Errorf("properties.%s.additionalProperties: must be false", section)
		}
	}
	settings := map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{
		"environment": properties["environment"], "parameters": properties["parameters"],
	}}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("settings.json", plain(settings)); err != nil {
		return s, err
	}
	compiled, err := c.Compile("settings.json")
	s.compiled = compiled
	return s, err
}

// plain converts a value to the types that the schema library requires: those of decoded JSON.
func plain(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	return out
}

// section returns the schemas of the fields of a section.
func (s schema) section(name string) map[string]any {
	properties, _ := s.document["properties"].(map[string]any)
	h, _ := properties[name].(map[string]any)
	p, _ := h["properties"].(map[string]any)
	return p
}

// secret reports whether the field is a secret, which the schema marks as writeOnly.
func (s schema) secret(section, field string) bool {
	f, _ := s.section(section)[field].(map[string]any)
	return f["writeOnly"] == true
}

// Schema returns the schemas of both sections with texts in the given language.
func (a App) Schema(lang string) app.Schema {
	properties, _ := a.schema.document["properties"].(map[string]any)
	out := map[string]map[string]any{}
	for _, section := range sections {
		h, _ := plain(properties[section]).(map[string]any)
		localise(h, lang)
		out[section] = h
	}
	return app.Schema{Environment: out["environment"], Parameters: out["parameters"]}
}

// localise replaces texts by the translations in "x-i18n", recursively.
func localise(node any, lang string) {
	switch n := node.(type) {
	case map[string]any:
		if texts, ok := n["x-i18n"].(map[string]any); ok {
			if t, ok := texts[lang].(map[string]any); ok {
				maps.Copy(n, t)
			}
			delete(n, "x-i18n")
		}
		for _, child := range n {
			localise(child, lang)
		}
	case []any:
		for _, child := range n {
			localise(child, lang)
		}
	}
}

// Defaults returns the default values in the schema.
func (a App) Defaults() app.Settings {
	out := app.Settings{Environment: map[string]any{}, Parameters: map[string]any{}}
	for section, values := range map[string]map[string]any{"environment": out.Environment, "parameters": out.Parameters} {
		for name, p := range a.schema.section(section) {
			if f, ok := p.(map[string]any); ok && f["default"] != nil {
				values[name] = f["default"]
			}
		}
	}
	return out
}

// WithDefaults returns the settings with default values for fields that are not set.
func (a App) WithDefaults(s app.Settings) app.Settings {
	out := a.Defaults()
	maps.Copy(out.Environment, s.Environment)
	maps.Copy(out.Parameters, s.Parameters)
	return out
}

// Masked returns the settings with app.Masked instead of secrets that are set.
func (a App) Masked(s app.Settings) app.Settings {
	mask := func(section string, values map[string]any) map[string]any {
		out := maps.Clone(values)
		for name, v := range out {
			if a.schema.secret(section, name) && v != "" && v != nil {
				out[name] = app.Masked
			}
		}
		return out
	}
	return app.Settings{Environment: mask("environment", s.Environment), Parameters: mask("parameters", s.Parameters)}
}

// Secrets returns the values of the secrets that are set. Logs must not contain them.
func (a App) Secrets(s app.Settings) []string {
	var out []string
	for section, values := range map[string]map[string]any{"environment": s.Environment, "parameters": s.Parameters} {
		for name, v := range values {
			if text, ok := v.(string); ok && text != "" && a.schema.secret(section, name) {
				out = append(out, text)
			}
		}
	}
	return out
}

// Unmasked returns the settings with the secrets of before instead of app.Masked.
func (a App) Unmasked(s, before app.Settings) app.Settings {
	restore := func(section string, values, old map[string]any) map[string]any {
		out := map[string]any{}
		for name, v := range values {
			if v == app.Masked && a.schema.secret(section, name) {
				if secret, ok := old[name]; ok {
					out[name] = secret
				}
				continue
			}
			out[name] = v
		}
		return out
	}
	return app.Settings{
		Environment: restore("environment", s.Environment, before.Environment),
		Parameters:  restore("parameters", s.Parameters, before.Parameters),
	}
}

// Changes returns the differences between the settings, sorted by section and name. Secrets are masked.
func (a App) Changes(old, new app.Settings) []operation.Change {
	out := []operation.Change{}
	diff := func(section string, before, after map[string]any) {
		names := slices.Sorted(maps.Keys(a.schema.section(section)))
		for _, name := range names {
			oldText, newText := text(before[name]), text(after[name])
			if oldText == newText {
				continue
			}
			if a.schema.secret(section, name) {
				oldText, newText = mask(oldText), mask(newText)
			}
			out = append(out, operation.Change{Field: section + "." + name, Old: oldText, New: newText})
		}
	}
	diff("environment", old.Environment, new.Environment)
	diff("parameters", old.Parameters, new.Parameters)
	return out
}

func mask(s string) string {
	if s == "" {
		return ""
	}
	return app.Masked
}

// text returns the JSON text of a value; a string is not quoted.
func text(v any) string {
	switch t := v.(type) {
	case nil:
		return ""
	case string:
		return t
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// CheckSettings validates settings against the schema. It returns an Invalid fault with an entry for each invalid field.
func (a App) CheckSettings(s app.Settings) error {
	err := a.schema.compiled.Validate(plain(map[string]any{"environment": orEmpty(s.Environment), "parameters": orEmpty(s.Parameters)}))
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	f := &fault.Error{Kind: fault.Invalid, Message: i18n.Messagef("the settings are not valid"), Err: err}
	leaves(invalid, func(v *jsonschema.ValidationError) {
		detail := v.ErrorKind.LocalizedString(message.NewPrinter(language.English))
		if location := v.InstanceLocation; len(location) > 1 && a.schema.secret(location[0], location[1]) {
			detail = "not a valid value" // the message of the library may contain the secret
		}
		f.Fields = append(f.Fields, fault.Field{Field: strings.Join(v.InstanceLocation, "."), Message: i18n.Verbatim(detail)})
	})
	return f
}

// leaves calls visit for each error without causes.
func leaves(v *jsonschema.ValidationError, visit func(*jsonschema.ValidationError)) {
	if len(v.Causes) == 0 {
		visit(v)
	}
	for _, cause := range v.Causes {
		leaves(cause, visit)
	}
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
