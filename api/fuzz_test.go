package api

import "testing"

// FuzzAfterName reads arbitrary page tokens. A token that is accepted is written again as an equal token.
func FuzzAfterName(f *testing.F) {
	f.Add(nameToken{Name: "web-1", ID: "1"}.String())
	f.Add("")
	f.Add("e30")
	f.Fuzz(func(t *testing.T, token string) {
		first, err := afterName(token)
		if err != nil {
			return
		}
		again, err := afterName(first.String())
		if token != "" && (err != nil || again != first) {
			t.Errorf("%q is read as %+v and, written again, as %+v, %v", token, first, again, err)
		}
	})
}
