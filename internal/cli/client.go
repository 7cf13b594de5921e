// Package cli is the command line for people and cron. It uses the SDK as any other program does.
package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mycloudmanager/sdk"
)

const (
	defaultServer = "http://127.0.0.1:8080"
	// retries and retryInterval are less than the defaults of the SDK: a person waits for the error message.
	retries       = 2
	retryInterval = 500 * time.Millisecond
)

// newClient returns a client of the manager at server, or at the address that the environment or mcm login names.
func newClient(server, version string) (*sdk.Client, error) {
	saved, err := loadSession()
	if err != nil {
		return nil, err
	}
	server = strings.TrimRight(cmp.Or(server, os.Getenv("MCM_SERVER"), saved.Server, defaultServer), "/")
	c, err := sdk.New(server, credentialFor(server, saved), sdk.WithRetries(retries, retryInterval))
	if err != nil {
		return nil, err
	}
	c.UserAgent = "mcm/" + version
	return c, nil
}

// credentialFor prefers credentials of the environment to the session of mcm login, whose cookie is sent only to the server
// that opened it. Without a credential it returns nil.
func credentialFor(server string, saved savedSession) sdk.Credential {
	switch id, secret := os.Getenv("OS_APPLICATION_CREDENTIAL_ID"), os.Getenv("OS_APPLICATION_CREDENTIAL_SECRET"); {
	case os.Getenv("OS_TOKEN") != "":
		return sdk.Token(os.Getenv("OS_TOKEN"))
	case id != "" && secret != "":
		return sdk.ApplicationCredential{ID: id, Secret: secret}
	case saved.Cookie != "" && saved.Server == server:
		return sdk.SessionCookie{Cookie: saved.Cookie, CSRFToken: saved.CSRF}
	}
	return nil
}

// savedSession is the session file of mcm login, readable by the user alone.
type savedSession struct {
	Server string    `json:"server"`
	Cookie string    `json:"cookie"`
	CSRF   string    `json:"csrf"`
	Until  time.Time `json:"until"`
}

func sessionFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		dir = "."
	}
	return filepath.Join(dir, "mycloudmanager", "session.json")
}

// loadSession returns the saved session, or an empty one when there is no file.
func loadSession() (savedSession, error) {
	var saved savedSession
	raw, err := os.ReadFile(sessionFile())
	if errors.Is(err, os.ErrNotExist) {
		return saved, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &saved)
	}
	if err != nil {
		return saved, fmt.Errorf("%s: %w", sessionFile(), err)
	}
	return saved, nil
}

func (s savedSession) save() error {
	file := sessionFile()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(file, raw, 0o600)
}
