package task

import (
	"reflect"
	"testing"
	"time"
)

// FuzzParseCursor parses arbitrary page tokens. An accepted token, formatted and parsed again, is the same cursor.
func FuzzParseCursor(f *testing.F) {
	f.Add(cursor{Closed: true, Before: time.Unix(1, 0).UTC(), Listed: []string{"a"}, Span: time.Hour}.token())
	f.Add("")
	f.Add("e30")
	f.Fuzz(func(t *testing.T, token string) {
		c, err := parseCursor(token)
		if err != nil || token == "" {
			return
		}
		again, err := parseCursor(c.token())
		if err != nil || !again.Before.Equal(c.Before) || again.Closed != c.Closed || again.Span != c.Span || len(again.Listed) != len(c.Listed) {
			t.Errorf("%q is parsed as %+v and, after formatting, as %+v, %v", token, c, again, err)
		}
		if len(c.Listed) > 0 && !reflect.DeepEqual(again.Listed, c.Listed) {
			t.Errorf("%q: %q became %q", token, c.Listed, again.Listed)
		}
	})
}
