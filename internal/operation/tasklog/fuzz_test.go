package tasklog

import (
	"reflect"
	"testing"
)

// FuzzParseSegment parses arbitrary object names. An accepted name, formatted and parsed again, is the same segment.
func FuzzParseSegment(f *testing.F) {
	s := segment{name: "", first: 1, last: 2, stream: "a.5.1", number: 3, lines: 4, errors: 1}
	f.Add(s.nameOf("task/step/"))
	f.Add("1-a-2-3-4-5.jsonl")
	f.Add("task/-----.jsonl")
	f.Add("")
	f.Fuzz(func(t *testing.T, name string) {
		s, ok := parse(name)
		if !ok {
			return
		}
		again, ok := parse(s.nameOf("folder/"))
		again.name = s.name
		if !ok || again != s {
			t.Errorf("%q is parsed as %+v and, after formatting, as %+v", name, s, again)
		}
	})
}

// FuzzParseCursor parses arbitrary values of Last-Event-ID. A formatted cursor is parsed as an equal cursor.
func FuzzParseCursor(f *testing.F) {
	for _, text := range []string{"", "1/0/a.5.1=1@1", "3/1700000000000/a=1@2/b=2@3", "x/y/z", "1/2/=@/="} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first := ParseCursor(text)
		if second := ParseCursor(first.String()); !reflect.DeepEqual(second, first) {
			t.Errorf("%q is parsed as %+v and, after formatting, as %+v", text, first, second)
		}
	})
}

// FuzzDecode decodes arbitrary segments: an object may be truncated or written by another program.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{"", "{\"at\":1,\"level\":\"info\",\"message\":\"m\"}\n", "{\"at\":1,\"level\":\"info\",\"message\":{\"message\":\"%s\",\"args\":[\"a\"]}}\n", "{\n", "null\n", "\n\n"} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		lines, err := decode("fr", "step", []byte(body))
		if err != nil {
			return
		}
		for _, l := range lines {
			if l.Step != "step" {
				t.Errorf("a line of %q belongs to step %q", body, l.Step)
			}
		}
	})
}
