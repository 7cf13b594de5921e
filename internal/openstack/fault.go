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

// Fault converts an error of a service to a fault with the text of the service as its message. Its tests use recorded
// responses of the real services.
func Fault(service string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fault.New(fault.Unavailable, err, "%s did not respond in time", service)
	}
	response, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if stored, isSwift := errors.AsType[*swift.Error](err); isSwift && !ok {
		response, ok = gophercloud.ErrUnexpectedResponseCode{Actual: stored.StatusCode}, true
		if stored.StatusCode == http.StatusRequestTimeout || stored.StatusCode == 0 { // the library uses these codes if there was no response
			return fault.New(fault.Unavailable, err, "%s did not respond in time", service)
		}
	}
	if !ok {
		return transport(service, err)
	}
	text := Text(response.Body)
	if text == "" {
		text = http.StatusText(response.Actual)
	}
	return fault.New(kind(response, text), err, "%s: %s", service, text)
}

// transport converts errors that occurred before a response arrived.
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
	// A connection that broke within a response appears as an invalid JSON document.
	if strings.Contains(err.Error(), "unexpected EOF") || strings.Contains(err.Error(), "unexpected end of JSON") {
		return fault.New(fault.Unavailable, err, "%s closed the connection within its response", service)
	}
	return fault.New(fault.Internal, err, "%s: %v", service, err)
}

// quotaText matches the texts that services use for an exceeded quota. The status is not enough: Nova uses 403, Cinder
// 413, Neutron 409, Heat 400 or 403, Glance 413.
var quotaText = regexp.MustCompile(`(?i)quota exceeded|exceeds? (the )?(allowed )?.*quota|OverQuota|LimitExceeded|quota has been met|maximum number of .* exceeded`)

func kind(response gophercloud.ErrUnexpectedResponseCode, text string) fault.Kind {
	switch code := response.Actual; {
	case code == http.StatusUnauthorized:
		return fault.Unauthorized
	case code == http.StatusNotFound:
		return fault.NotFound
	case code == http.StatusTooManyRequests,
		code == http.StatusRequestEntityTooLarge && response.ResponseHeader.Get("Retry-After") > "0":
		return fault.RateLimited
	case code >= 500:
		return fault.Unavailable
	case quotaText.MatchString(text) || quotaText.Match(response.Body):
		return fault.Quota
	case code == http.StatusRequestEntityTooLarge:
		return fault.Quota
	case code == http.StatusForbidden:
		return fault.Forbidden
	case code == http.StatusConflict:
		return fault.Conflict
	case code == http.StatusBadRequest, code == http.StatusUnprocessableEntity, code == http.StatusMethodNotAllowed,
		code == http.StatusNotAcceptable: // a microversion that an older cloud does not support
		return fault.Invalid
	}
	return fault.Internal
}

// QuotaText reports whether an error text of the cloud, for example a stack's or a server's reason, mentions a quota.
func QuotaText(text string) bool { return quotaText.MatchString(text) }

var tags = regexp.MustCompile(`(?s)<(title|head|style).*?</(title|head|style)>|<[^>]*>`)

// Text returns the message for users in the error body of a service, in any of its formats.
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
	for _, inner := range any { // Nova and Cinder: a single key that names the fault
		if m := message(inner); m != "" {
			return m
		}
	}
	return ""
}

// message returns the `message` of an object, or a plain string.
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
