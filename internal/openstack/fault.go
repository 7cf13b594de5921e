package openstack

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/ncw/swift/v2"

	"mycloudmanager/internal/fault"
)

// Fault gives an error of a service its kind, and the service's own text as message. It is the only
// mapper, held against recorded answers of the real services.
func Fault(service string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fault.New(fault.Unavailable, err, "%s did not answer in time", service)
	}
	answer, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if stored, isSwift := errors.AsType[*swift.Error](err); isSwift && !ok {
		answer, ok = gophercloud.ErrUnexpectedResponseCode{Actual: stored.StatusCode}, true
		if stored.StatusCode == http.StatusRequestTimeout || stored.StatusCode == 0 { // the library's own word for no answer
			return fault.New(fault.Unavailable, err, "%s did not answer in time", service)
		}
	}
	if !ok {
		return transport(service, err)
	}
	text := Text(answer.Body)
	if text == "" {
		text = http.StatusText(answer.Actual)
	}
	return fault.New(kind(answer, text), err, "%s: %s", service, text)
}

// transport maps what happened before there was an answer.
func transport(service string, err error) error {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return fault.New(fault.Unavailable, err, "%s does not respond", service)
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return fault.New(fault.Unavailable, err, "%s does not respond", service)
	}
	if _, ok := errors.AsType[gophercloud.ErrResourceNotFound](err); ok {
		return fault.New(fault.NotFound, err, "%s: not found", service)
	}
	if _, ok := errors.AsType[*gophercloud.ErrUnableToReauthenticate](err); ok {
		return fault.New(fault.Unauthorized, err, "%s refuses the credential", service)
	}
	// A connection dropped in the middle of an answer shows up as a broken JSON document.
	if strings.Contains(err.Error(), "unexpected EOF") || strings.Contains(err.Error(), "unexpected end of JSON") {
		return fault.New(fault.Unavailable, err, "%s broke off its answer", service)
	}
	return fault.New(fault.Internal, err, "%s: %v", service, err)
}

// quotaText finds the words that the services use for an exhausted quota. A status alone does not
// tell: Nova says 403, Cinder 413, Neutron 409, Heat 400 or 403, Glance 413.
var quotaText = regexp.MustCompile(`(?i)quota exceeded|exceeds? (the )?(allowed )?.*quota|OverQuota|LimitExceeded|quota has been met|maximum number of .* exceeded`)

func kind(answer gophercloud.ErrUnexpectedResponseCode, text string) fault.Kind {
	switch code := answer.Actual; {
	case code == http.StatusUnauthorized:
		return fault.Unauthorized
	case code == http.StatusNotFound:
		return fault.NotFound
	case code == http.StatusTooManyRequests,
		code == http.StatusRequestEntityTooLarge && answer.ResponseHeader.Get("Retry-After") > "0":
		return fault.RateLimited
	case code >= 500:
		return fault.Unavailable
	case quotaText.MatchString(text) || quotaText.Match(answer.Body):
		return fault.Quota
	case code == http.StatusRequestEntityTooLarge:
		return fault.Quota
	case code == http.StatusForbidden:
		return fault.Forbidden
	case code == http.StatusConflict:
		return fault.Conflict
	case code == http.StatusBadRequest, code == http.StatusUnprocessableEntity, code == http.StatusMethodNotAllowed,
		code == http.StatusNotAcceptable: // a microversion that the cloud is too old for
		return fault.Invalid
	}
	return fault.Internal
}

// QuotaText reports whether a fault text of the cloud (a stack's or a server's reason) speaks of a quota.
func QuotaText(text string) bool { return quotaText.MatchString(text) }

var tags = regexp.MustCompile(`(?s)<(title|head|style).*?</(title|head|style)>|<[^>]*>`)

// Text returns the sentence meant for people in a service's error body, whatever its form.
func Text(body []byte) string {
	var form struct {
		Explanation  string          `json:"explanation"`
		NeutronError json.RawMessage `json:"NeutronError"`
		Error        json.RawMessage `json:"error"`
	}
	var any map[string]json.RawMessage
	if json.Unmarshal(body, &any) != nil {
		return strings.Join(strings.Fields(tags.ReplaceAllString(string(body), " ")), " ")
	}
	_ = json.Unmarshal(body, &form)
	for _, inner := range []json.RawMessage{form.NeutronError, form.Error} {
		if m := message(inner); m != "" {
			return m
		}
	}
	if form.Explanation != "" {
		return form.Explanation
	}
	if m := message(body); m != "" {
		return m
	}
	for _, inner := range any { // Nova and Cinder: one key that names the fault
		if m := message(inner); m != "" {
			return m
		}
	}
	return ""
}

// message takes the `message` of an object, or a plain string.
func message(raw json.RawMessage) string {
	var object struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(raw, &object) == nil && object.Message != "" {
		return strings.TrimSpace(object.Message)
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return strings.TrimSpace(text)
	}
	return ""
}
