package filebackup

import "testing"

// FuzzEngineRead reads arbitrary output lines: an engine on an instance that was taken over may print anything.
func FuzzEngineRead(f *testing.F) {
	for _, line := range []string{
		`{"message_type":"status","percent_done":0.5,"bytes_done":10}`,
		`{"message_type":"summary","snapshot_id":"abc"}`,
		`{"struct_type":"node","type":"file","path":"/data/a","size":3,"mode":420,"mtime":"2026-03-01T12:00:00Z"}`,
		`[{"id":"abc","time":"2026-03-01T12:00:00Z","tags":["mcm"],"paths":["/data"]}]`,
		`null`, `{"Entry":{"path":"/data/a","type":"file"}}`, `{"Gone":"/data/b"}`, "Unable to read 3 files", "{", "",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, e := range []engine{restic{}, duplicity{}} {
			got := e.read(line)
			if got.unread < 0 {
				t.Errorf("%T reads %d unread files in %q", e, got.unread, line)
			}
			if again := e.read(line); again.known() != got.known() {
				t.Errorf("%T reads %q in two ways", e, line)
			}
		}
	})
}

// FuzzSetName reads arbitrary object names: another program may have stored objects in the container.
func FuzzSetName(f *testing.F) {
	for _, name := range []string{"duplicity-full.20260301T120000Z.manifest.gpg", "duplicity-full.20260301T120000Z.vol1.difftar.gpg",
		"duplicity-inc.20260301T120000Z.to.20260302T120000Z.manifest.gpg", "duplicity-new-signatures.20260301T120000Z.to.20260302T120000Z.sigtar.gpg", "other", ""} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		m := setName.FindStringSubmatch(name)
		if m == nil {
			return
		}
		s := set{plan: "p", at: m[2], base: m[1]}
		if plan, at, ok := cutLast(s.id()); !ok || plan != "p" || at != m[2] || planOf(s.id()) != "p" {
			t.Errorf("%q: the ID %q is taken apart as %q and %q", name, s.id(), plan, at)
		}
	})
}
