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

	"mycloudmanager/internal/platform/i18n"
)

const requestIDHeader = "X-Request-Id"

// requestID assigns an ID to every request: the caller's if it contains only plain characters, or a new one.
func requestID(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if id == "" || len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		id = uuid.NewString()
	}
	c.Set(requestIDHeader, id)
	c.Header(requestIDHeader, id)
	c.Next()
}

// accessLog logs one line per request, without headers, query and body.
func accessLog(c *gin.Context) {
	start := time.Now()
	c.Next()
	slog.Info("request", "id", c.GetString(requestIDHeader), "method", c.Request.Method, "path", c.Request.URL.Path,
		"status", c.Writer.Status(), "ms", time.Since(start).Milliseconds(), "bytes", c.Writer.Size(), "from", c.ClientIP())
}

func recovery(c *gin.Context) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares this sentinel the same way
				panic(p)
			}
			slog.Error("panic", "id", c.GetString(requestIDHeader), "panic", p, "stack", string(debug.Stack()))
			writeProblem(c, newProblem(http.StatusInternalServerError, i18n.Message{}))
		}
	}()
	c.Next()
}

// contentPolicy lets the browser load only our own files. Inline styles are allowed because the component library uses
// them for positioning.
const contentPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
	"connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func secureHeaders(c *gin.Context) {
	h := c.Writer.Header()
	if !strings.HasPrefix(c.Request.URL.Path, "/temporal/") { // Temporal Web sends its own headers
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
	Name: "mcm_api_request_duration_seconds", Help: "Duration of requests, by route.",
	Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
}, []string{"method", "route", "status"})

func countRequests(c *gin.Context) {
	start := time.Now()
	c.Next()
	if strings.HasSuffix(c.FullPath(), "/events") { // the duration of a stream is meaningless
		return
	}
	requestSeconds.WithLabelValues(c.Request.Method, c.FullPath(), strconv.Itoa(c.Writer.Status())).Observe(time.Since(start).Seconds())
}

func writeProblem(c *gin.Context, p *Problem) {
	c.Abort()
	c.Header("Content-Type", "application/problem+json")
	c.Status(p.Status)
	_ = json.NewEncoder(c.Writer).Encode(p.in(i18n.With(c.Request.Context(), i18n.Negotiate(c.GetHeader("Accept-Language")))))
}

// notFound serves paths outside the contract: pages of the UI, or a problem.
func (s *Server) notFound(c *gin.Context) {
	if strings.HasPrefix(c.Request.URL.Path, "/api/") || s.UI == nil || (c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead) {
		writeProblem(c, newProblem(http.StatusNotFound, i18n.Messagef("no such path")))
		return
	}
	c.Status(http.StatusOK)
	s.UI.ServeHTTP(c.Writer, c.Request)
}
