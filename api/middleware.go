package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

const requestIDHeader = "X-Request-Id"

// requestID gives every request an id: the caller's when it is plain, else a new one.
func requestID(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if id == "" || len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		id = uuid.NewString()
	}
	c.Set(requestIDHeader, id)
	c.Header(requestIDHeader, id)
	c.Next()
}

// accessLog writes one line per request: never its headers, its query or its body.
func accessLog(c *gin.Context) {
	start := time.Now()
	c.Next()
	slog.Info("request", "id", c.GetString(requestIDHeader), "method", c.Request.Method, "path", c.Request.URL.Path,
		"status", c.Writer.Status(), "ms", time.Since(start).Milliseconds(), "bytes", c.Writer.Size(), "from", c.ClientIP())
}

func recovery(c *gin.Context) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // a sentinel that is compared, as net/http does
				panic(p)
			}
			slog.Error("panic", "id", c.GetString(requestIDHeader), "panic", p, "stack", string(debug.Stack()))
			writeProblem(c, newProblem(http.StatusInternalServerError, ""))
		}
	}()
	c.Next()
}

// contentPolicy lets the browser load nothing but our own files. Style elements are allowed inline
// because the component library sets positions by them.
const contentPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
	"connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func secureHeaders(c *gin.Context) {
	h := c.Writer.Header()
	if !strings.HasPrefix(c.Request.URL.Path, "/temporal/") { // Temporal Web sends its own
		h.Set("Content-Security-Policy", contentPolicy)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	if c.Request.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if strings.HasPrefix(c.Request.URL.Path, "/api/") {
		h.Set("Cache-Control", "no-store")
	}
	c.Next()
}

var requestSeconds = promauto.NewHistogramVec(prometheus.HistogramOpts{
	Name: "mcm_api_request_duration_seconds", Help: "Time to answer a request, by route.",
	Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
}, []string{"method", "route", "status"})

func countRequests(c *gin.Context) {
	start := time.Now()
	c.Next()
	if strings.HasSuffix(c.FullPath(), "/events") { // a stream's length says nothing
		return
	}
	requestSeconds.WithLabelValues(c.Request.Method, c.FullPath(), strconv.Itoa(c.Writer.Status())).Observe(time.Since(start).Seconds())
}

func writeProblem(c *gin.Context, p *Problem) {
	c.Abort()
	c.Header("Content-Type", "application/problem+json")
	c.Status(p.Status)
	_ = json.NewEncoder(c.Writer).Encode(p)
}

// notFound answers paths outside the contract: the UI's own pages, or a problem.
func (s *Server) notFound(c *gin.Context) {
	if strings.HasPrefix(c.Request.URL.Path, "/api/") || s.UI == nil || (c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead) {
		writeProblem(c, newProblem(http.StatusNotFound, "no such path"))
		return
	}
	c.Status(http.StatusOK)
	s.UI.ServeHTTP(c.Writer, c.Request)
}
