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

	"mycloudmanager/sdk"
)

func (s *session) login() *cobra.Command {
	var username, userDomain, project, projectDomain string
	cmd := s.run("login", "Sign in with your OpenStack user", cobra.NoArgs,
		func(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
			name, err := ask("User name: ", username, false)
			if err != nil {
				return err
			}
			password, err := ask("Password: ", os.Getenv("MCM_PASSWORD"), true)
			if err != nil {
				return err
			}
			return openSession(ctx, c, out, sdk.SignInRequest{Username: &name, Password: &password, UserDomain: optional(userDomain),
				Project: optional(project), ProjectDomain: optional(projectDomain)})
		})
	f := cmd.Flags()
	f.StringVar(&username, "username", os.Getenv("OS_USERNAME"), "user name (OS_USERNAME)")
	f.StringVar(&userDomain, "user-domain", os.Getenv("OS_USER_DOMAIN_NAME"), "domain of the user (OS_USER_DOMAIN_NAME)")
	f.StringVar(&project, "project", os.Getenv("OS_PROJECT_NAME"), "project (OS_PROJECT_NAME)")
	f.StringVar(&projectDomain, "project-domain", os.Getenv("OS_PROJECT_DOMAIN_NAME"), "domain of the project (OS_PROJECT_DOMAIN_NAME)")
	return cmd
}

// openSession signs in and saves the session.
func openSession(ctx context.Context, c *sdk.Client, out io.Writer, body sdk.SignInRequest) error {
	opened, credential, err := c.OpenSession(ctx, body)
	if err != nil {
		return err
	}
	saved := savedSession{Server: c.Server(), Cookie: credential.Cookie, CSRF: credential.CSRFToken, Until: opened.ExpiresAt}
	if err := saved.save(); err != nil {
		return err
	}
	return printLine(out, "signed in to %s as %s (%s of project %s) until %s", c.Server(), opened.User.Name, opened.Role, opened.Project.Name,
		opened.ExpiresAt.Local().Format(time.DateTime))
}

func (s *session) logout() *cobra.Command {
	return s.run("logout", "Sign out", cobra.NoArgs, func(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
		if err := c.CloseSession(ctx); err != nil {
			if p, ok := errors.AsType[*sdk.Problem](err); !ok || p.Status != http.StatusUnauthorized {
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
