package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// sessionCookie is the name of the cookie of a session.
const sessionCookie = "mcm_session"

// OpenSession signs in with a user name and a password. The returned credential authenticates later clients until the
// session expires.
func (c *Client) OpenSession(ctx context.Context, body SignInRequest) (Session, SessionCookie, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var session Session
	response, err := c.send(ctx, call{method: http.MethodPost, path: "/session", body: body})
	if err != nil {
		return session, SessionCookie{}, err
	}
	defer response.Body.Close() //nolint:errcheck // the decoder reports what matters
	if err := json.NewDecoder(response.Body).Decode(&session); err != nil {
		return session, SessionCookie{}, err
	}
	for _, cookie := range response.Cookies() {
		if cookie.Name == sessionCookie {
			return session, SessionCookie{Cookie: cookie.Name + "=" + cookie.Value, CSRFToken: session.CSRFToken}, nil
		}
	}
	return session, SessionCookie{}, errors.New("the response has no session cookie")
}
