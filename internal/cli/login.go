package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func (s *session) login() *cobra.Command {
	var body struct {
		Username      string `json:"username"`
		Password      string `json:"password"`
		UserDomain    string `json:"user_domain,omitempty"`
		Project       string `json:"project,omitempty"`
		ProjectDomain string `json:"project_domain,omitempty"`
	}
	cmd := s.run("login", "Sign in with your OpenStack user", cobra.NoArgs,
		func(ctx context.Context, c *client, out io.Writer, _ []string) error {
			var err error
			if body.Username, err = ask("User name: ", body.Username, false); err != nil {
				return err
			}
			if body.Password, err = ask("Password: ", os.Getenv("MCM_PASSWORD"), true); err != nil {
				return err
			}
			return c.login(ctx, out, body)
		})
	f := cmd.Flags()
	f.StringVar(&body.Username, "username", os.Getenv("OS_USERNAME"), "user name (OS_USERNAME)")
	f.StringVar(&body.UserDomain, "user-domain", os.Getenv("OS_USER_DOMAIN_NAME"), "domain of the user (OS_USER_DOMAIN_NAME)")
	f.StringVar(&body.Project, "project", os.Getenv("OS_PROJECT_NAME"), "project (OS_PROJECT_NAME)")
	f.StringVar(&body.ProjectDomain, "project-domain", os.Getenv("OS_PROJECT_DOMAIN_NAME"), "domain of the project (OS_PROJECT_DOMAIN_NAME)")
	return cmd
}

func (c *client) login(ctx context.Context, out io.Writer, body any) error {
	response, err := c.send(ctx, http.MethodPost, "/session", body)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // decode reports what matters
	var who struct {
		User      struct{ Name string } `json:"user"`
		Project   struct{ Name string } `json:"project"`
		Role      string                `json:"role"`
		ExpiresAt time.Time             `json:"expires_at"`
		CSRF      string                `json:"csrf_token"`
	}
	if err := decode(response.Body, &who); err != nil {
		return err
	}
	for _, cookie := range response.Cookies() {
		if cookie.Name == "mcm_session" {
			if err := c.save(savedSession{Server: c.server, Cookie: cookie.Name + "=" + cookie.Value, CSRF: who.CSRF, Until: who.ExpiresAt}); err != nil {
				return err
			}
		}
	}
	return printLine(out, "signed in to %s as %s (%s of project %s) until %s", c.server, who.User.Name, who.Role, who.Project.Name, who.ExpiresAt.Local().Format(time.DateTime))
}

func (s *session) logout() *cobra.Command {
	return s.run("logout", "Sign out", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
		if err := c.do(ctx, http.MethodDelete, "/session", nil, nil); err != nil {
			if p, ok := errors.AsType[*problem](err); !ok || p.Status != http.StatusUnauthorized {
				return err
			}
		}
		if err := os.Remove(sessionFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return printLine(out, "signed out")
	})
}

// ask returns given, or prompts for the value; the terminal does not echo a secret.
func ask(prompt, given string, secret bool) (string, error) {
	if given != "" {
		return given, nil
	}
	fmt.Fprint(os.Stderr, prompt)
	if fd := int(os.Stdin.Fd()); secret && term.IsTerminal(fd) {
		raw, err := term.ReadPassword(fd)
		fmt.Fprintln(os.Stderr)
		return string(raw), err
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line != "" {
		return line, nil
	}
	if errors.Is(err, io.EOF) {
		return "", errors.New(strings.TrimSuffix(prompt, ": ") + " is missing")
	}
	return "", err
}
