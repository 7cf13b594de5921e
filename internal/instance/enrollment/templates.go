package enrollment

import (
	"fmt"
	"io/fs"
	"strings"
)

// Templates are what people and instances are given: the script, the command that fetches it, and
// user data for cloud-init.
type Templates struct {
	url, script, cloudConfig string
}

// LoadTemplates reads the templates of deploy/enroll for a manager that instances reach at url.
func LoadTemplates(files fs.FS, url string) (Templates, error) {
	t := Templates{url: strings.TrimRight(url, "/")}
	for name, into := range map[string]*string{"enroll/enroll.sh": &t.script, "enroll/cloud-config.yaml": &t.cloudConfig} {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return t, err
		}
		*into = strings.NewReplacer("@MCM_URL@", t.url, "@MCM_CA@\n", "").Replace(string(raw))
	}
	return t, nil
}

// Script is enroll.sh; there is no secret in it.
func (t Templates) Script() string { return t.script }

// CloudConfig is user data that enrolls a server at its first boot.
func (t Templates) CloudConfig(token string) string {
	return strings.ReplaceAll(t.cloudConfig, "@MCM_TOKEN@", token)
}

// Command is what people paste. The token comes to the script by its standard input: it is in no
// argument and no environment. A download that fails makes the command fail. Root needs no sudo, which a
// bare system has not.
func (t Templates) Command(token string) string {
	script := t.url + "/api/v1/enroll.sh"
	return fmt.Sprintf(`{ echo 'MCM_TOKEN=%s'; curl -fsSL %s || wget -qO- %s || echo 'echo "cannot fetch enroll.sh" >&2; exit 1'; } | $(test $(id -u) = 0 || echo sudo) sh`, token, script, script)
}
