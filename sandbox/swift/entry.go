package swift

import (
	"crypto/hmac"
	"crypto/sha1" // a supported digest of signatures
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"mycloudmanager/sandbox/sim"
)

// enter accepts a request by a signature, by a token, or because the container is world-readable.
func (s *Service) enter(r *sim.Request) error {
	container, object, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
	if r.URL.Query().Has("temp_url_sig") {
		return s.signed(r, container, object)
	}
	actor, known := s.cloud.Actor(r.Header.Get("X-Auth-Token"))
	if known && (actor.ProjectID == r.Scope() || actor.Admin()) {
		r.Actor = actor
		return nil
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if c := s.cloud.Get(Containers, r.Scope()+"/"+container); reads && c != nil && open(c, object) {
		r.Actor = sim.Actor{ProjectID: r.Scope()}
		return nil
	}
	if !known {
		return fault(http.StatusUnauthorized)
	}
	r.Actor = actor
	return nil
}

// open reports whether an object of the container, or its listing, is world-readable.
// https://docs.openstack.org/swift/latest/overview_acl.html
func open(container sim.Document, object string) bool {
	rules := strings.Split(strings.ReplaceAll(sim.Text(sim.Map(container, "headers")["X-Container-Read"]), " ", ""), ",")
	return slices.Contains(rules, ".r:*") && (object != "" || slices.Contains(rules, ".rlistings"))
}

// signed checks the signature of a temporary URL.
// https://docs.openstack.org/swift/latest/api/temporary_url_middleware.html
func (s *Service) signed(r *sim.Request, container, object string) error {
	invalid := sim.NewFault(http.StatusUnauthorized, "401 Unauthorized: Temp URL invalid\n")
	sig, expires := strings.ToLower(r.Query("temp_url_sig")), ends(r.Query("temp_url_expires"))
	if object == "" || expires <= time.Now().Unix() {
		return invalid
	}
	methods := []string{r.Method}
	if r.Method == http.MethodHead { // a signature for GET or PUT also permits HEAD
		methods = append(methods, http.MethodGet, http.MethodPut, http.MethodPost)
	}
	for _, key := range s.keys(r.Scope(), container) {
		for _, method := range methods {
			if hmac.Equal([]byte(sig), []byte(sign(key, method, expires, r.URL.Path, len(sig)))) {
				r.Actor = sim.Actor{ProjectID: r.Scope(), Roles: []string{"member"}}
				name := object[strings.LastIndex(object, "/")+1:]
				if r.Method == http.MethodGet {
					r.Writer.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, name, url.PathEscape(name)))
				}
				return nil
			}
		}
	}
	return invalid
}

// ends parses an expiration given as a number or as a date.
func ends(text string) int64 {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if at, err := time.Parse(sim.Zulu, text); err == nil {
		return at.Unix()
	}
	return 0
}

// keys returns the keys of the container and of the account.
func (s *Service) keys(project, container string) (out []string) {
	for prefix, o := range map[string]sim.Document{"X-Account-Meta-Temp-Url-Key": s.cloud.Get(Accounts, project),
		"X-Container-Meta-Temp-Url-Key": s.cloud.Get(Containers, project+"/"+container)} {
		for _, suffix := range []string{"", "-2"} {
			if key := sim.Text(sim.Map(o, "headers")[prefix+suffix]); key != "" {
				out = append(out, key)
			}
		}
	}
	return out
}

func sign(key, method string, expires int64, path string, digits int) string {
	digest := map[int]func() hash.Hash{40: sha1.New, 64: sha256.New, 128: sha512.New}[digits]
	if digest == nil {
		return ""
	}
	mac := hmac.New(digest, []byte(key))
	_, _ = fmt.Fprintf(mac, "%s\n%d\n%s", method, expires, path) // writing to a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}
