package enrollment

import (
	"fmt"
	"io/fs"
	"strings"
)

// Templates holds the templates of the enrollment script and of the user data for cloud-init. It also returns the command that
// downloads and runs the script.
type Templates struct {
	url, script, cloudConfig string
}

// LoadTemplates reads the templates in deploy/enroll. url is the address under which instances reach the manager.
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

// Script returns the enrollment script enroll.sh. The script contains no secrets.
func (t Templates) Script() string { return t.script }

// CloudConfig returns cloud-init user data that enrolls a server at its first boot.
func (t Templates) CloudConfig(token string) string {
	return strings.ReplaceAll(t.cloudConfig, "@MCM_TOKEN@", token)
}

// Command returns the shell command that enrolls an instance. The command passes the token to the script over standard input, so
// that the token is not visible in the arguments or the environment of a process. The command fails if the download fails. It
// does not need sudo when it runs as root, because minimal systems have no sudo.
func (t Templates) Command(token string) string {
	script := t.url + "/api/v1/enroll.sh"
	return fmt.Sprintf(`{ echo 'MCM_TOKEN=%s'; curl -fsSL %s || wget -qO- %s || echo 'echo "cannot fetch enroll.sh" >&2; exit 1'; } | $(test $(id -u) = 0 || echo sudo) sh`, token, script, script)
}
