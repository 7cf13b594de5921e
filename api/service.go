package api

import (
	"context"
	_ "embed"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/platform/i18n"
)

// SignInHint is a login that the sandbox shows on its sign-in page.
type SignInHint struct {
	Username string        `json:"username"`
	Password string        `json:"password"`
	Role     identity.Role `json:"role"`
}

// SignInDefaults holds the defaults for fields that a sign-in omits.
type SignInDefaults struct {
	Project       string `json:"project,omitempty"`
	UserDomain    string `json:"user_domain,omitempty"`
	ProjectDomain string `json:"project_domain,omitempty"`
}

// Info describes the service to the UI before sign-in.
type Info struct {
	Name        string         `json:"name"`
	Version     string         `json:"version"`
	Sandbox     bool           `json:"sandbox"`
	Languages   []string       `json:"languages"`
	Links       InfoLinks      `json:"links"`
	TemporalWeb bool           `json:"temporal_web"`
	SignInHint  []SignInHint   `json:"sign_in_hint,omitempty"`
	Defaults    SignInDefaults `json:"defaults"`
}

// InfoLinks holds links to pages of the cloud.
type InfoLinks struct {
	Horizon string `json:"horizon,omitempty"`
	Account string `json:"account,omitempty"`
}

func (s *Server) getInfo(context.Context, *struct{}) (*struct{ Body Info }, error) {
	return &struct{ Body Info }{Info{
		Name: "MyCloudManager", Version: s.Version, Sandbox: s.Sandbox, Languages: i18n.Languages(), Defaults: s.Defaults,
		Links: InfoLinks{s.HorizonURL, s.AccountURL}, TemporalWeb: s.TemporalWeb != nil, SignInHint: s.SignInHints,
	}}, nil
}

//go:embed docs.html
var docsPage []byte

//go:embed docs.js
var docsScript []byte

// serviceRoutes registers the paths outside the contract.
func (s *Server) serviceRoutes(r *gin.Engine) {
	r.GET("/health/live", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "live"}) })
	r.GET("/health/ready", s.ready)
	r.GET("/metrics", s.metrics)
	r.GET("/api/docs", func(c *gin.Context) { c.Data(http.StatusOK, "text/html; charset=utf-8", docsPage) })
	r.GET("/api/docs.js", func(c *gin.Context) { c.Data(http.StatusOK, "text/javascript; charset=utf-8", docsScript) })
	if s.TemporalWeb != nil {
		r.Any("/temporal/*path", s.administrators(true), gin.WrapH(s.TemporalWeb))
	}
	if s.Codec != nil {
		r.POST("/codec/*path", s.administrators(false), gin.WrapH(s.Codec))
	}
}

type dependency struct {
	Name  string `json:"name"`
	State string `json:"state"` // up | down
	Error string `json:"error,omitempty"`
}

// ready responds 200 if every dependency is up, or 503; both list the state of each.
func (s *Server) ready(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 5*time.Second)
	defer cancel()
	status, list := http.StatusOK, make([]dependency, len(s.Probes))
	done := make(chan int)
	for i, p := range s.Probes {
		go func() {
			list[i] = dependency{Name: p.Name, State: "up"}
			if err := p.Check(ctx); err != nil {
				list[i] = dependency{Name: p.Name, State: "down", Error: fault.MessageOf(err).For(ctx)}
			}
			done <- i
		}()
	}
	for range s.Probes {
		if list[<-done].State != "up" {
			status = http.StatusServiceUnavailable
		}
	}
	c.JSON(status, gin.H{"ready": status == http.StatusOK, "dependencies": list})
}

// metrics serves metrics to scrapers on the same host only.
func (s *Server) metrics(c *gin.Context) {
	// A request forwarded by a proxy on this host has another origin.
	forwarded := c.GetHeader("X-Forwarded-For") != "" || c.GetHeader("Forwarded") != "" || c.GetHeader("X-Real-IP") != ""
	if ip := net.ParseIP(c.ClientIP()); ip == nil || !ip.IsLoopback() || forwarded || s.Metrics == nil {
		writeProblem(c, newProblem(http.StatusNotFound, i18n.Messagef("no such path")))
		return
	}
	s.Metrics.ServeHTTP(c.Writer, c.Request)
}

// administrators restricts third-party handlers to the session of an administrator. Changes through Temporal Web carry
// its own CSRF token, so ours is not required. For a page, an unauthenticated browser is redirected to the sign-in.
func (s *Server) administrators(page bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		role := identity.None
		if cookie, err := c.Cookie(sessionCookie); err == nil {
			if v, err := s.sessions.open(cookie); err == nil {
				if who, err := s.Identities.Validate(c.Request.Context(), v.Token); err == nil {
					role = who.Role
				}
			}
		}
		switch {
		case role.Allows(identity.Administrator):
			c.Next()
		case role == identity.None && page && strings.Contains(c.GetHeader("Accept"), "text/html"):
			c.Redirect(http.StatusSeeOther, "/sign-in")
			c.Abort()
		case role == identity.None:
			writeProblem(c, newProblem(http.StatusUnauthorized, i18n.Messagef("sign in first")))
		default:
			writeProblem(c, newProblem(http.StatusForbidden, i18n.Messagef("this is for administrators")))
		}
	}
}
