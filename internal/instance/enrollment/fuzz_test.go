package enrollment

import (
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// FuzzParse checks that parse never returns the secret of a token, neither in its results nor in its error.
func FuzzParse(f *testing.F) {
	_, text := generate()
	f.Add(text)
	f.Add(Prefix)
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		id, hash, err := parse(text)
		if err != nil {
			if strings.Contains(err.Error(), text) && len(text) > len(Prefix) {
				t.Errorf("the error repeats the token %q", text)
			}
			return
		}
		if len(id) != 12 || len(hash) != 64 || strings.Contains(text, hash) {
			t.Errorf("%q has the ID %q and the hash %q", text, id, hash)
		}
	})
}

// FuzzSelectHostKey checks that the selected key is always a single public key on one line, for arbitrary host keys sent by an
// instance.
func FuzzSelectHostKey(f *testing.F) {
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJN0OTRp1vBTu4y8p2Q6h3Lm3XvVlm0mNbVd2ZwO4v8h root@web-1")
	f.Add("ssh-rsa AAAA\nssh-ed25519 AAAA")
	f.Add("")
	f.Fuzz(func(t *testing.T, lines string) {
		key, err := SelectHostKey(strings.Split(lines, "\n"))
		if err != nil {
			return
		}
		_, comment, options, rest, err := ssh.ParseAuthorizedKey([]byte(key))
		if err != nil || comment != "" || len(options) > 0 || len(rest) > 0 || strings.ContainsAny(key, "\r\n") {
			t.Errorf("SelectHostKey(%q) = %q: %v", lines, key, err)
		}
	})
}
