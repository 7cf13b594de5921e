package openstack_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// recording is a recorded response of a real service.
type recording struct {
	Service string            `json:"service"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// bytes returns the body as it was sent: text that is not JSON is recorded as a string.
func (r recording) bytes() []byte {
	var text string
	if json.Unmarshal(r.Body, &text) == nil {
		return []byte(text)
	}
	return r.Body
}

func recordings(t *testing.T) map[string]recording {
	t.Helper()
	out := map[string]recording{}
	dir := filepath.Join("testdata", "recorded")
	require.NoError(t, filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".json" {
			return err
		}
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		var r recording
		require.NoError(t, json.Unmarshal(raw, &r), name)
		key, err := filepath.Rel(dir, strings.TrimSuffix(name, ".json"))
		out[key] = r
		return err
	}))
	return out
}

// expected is the fault of a recorded error, with a part of the service's text.
type expected struct {
	kind fault.Kind
	says string
}

// faults has an entry for each recorded error; a missing entry fails the test.
var faults = map[string]expected{
	"cinder/bad_request":                         {fault.Invalid, "Invalid input for field/attribute size. Value: ten. 'ten' does not match"},
	"cinder/bad_request_type":                    {fault.NotFound, "Volume type with name no-such-type could not be found."},
	"cinder/conflict":                            {fault.Conflict, "Volume Type rec-type already exists."},
	"cinder/database_unavailable":                {fault.Unavailable, "The server has either erred or is incapable of performing the requested"},
	"cinder/delete_in_use":                       {fault.Invalid, "Invalid volume: Volume status must be available or error or error_restor"},
	"cinder/delete_with_snapshot":                {fault.Invalid, "Invalid volume: Volume status must be available or error or error_restor"},
	"cinder/extend_to_less":                      {fault.Invalid, "Invalid input received: New size for extend must be greater than current"},
	"cinder/forbidden":                           {fault.Forbidden, "Policy doesn't allow volume_extension:services:index to be performed."},
	"cinder/identity_unavailable":                {fault.Unavailable, "503 Service Unavailable The server is currently unavailable. Please try"},
	"cinder/not_found":                           {fault.NotFound, "Volume 11111111-1111-4111-8111-111111111111 could not be found."},
	"cinder/quota_extend":                        {fault.Quota, "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds al"},
	"cinder/quota_gigabytes":                     {fault.Quota, "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds al"},
	"cinder/quota_volumes":                       {fault.Quota, "VolumeLimitExceeded: Maximum number of volumes allowed (2) exceeded for"},
	"cinder/token_expired":                       {fault.Unauthorized, "The request you have made requires authentication."},
	"cinder/unauthorized":                        {fault.Unauthorized, "The request you have made requires authentication."},
	"glance/bad_request":                         {fault.Invalid, "400 Bad Request Provided object does not match schema 'image': 'floppy'"},
	"glance/conflict":                            {fault.Conflict, "409 Conflict Image status transition from active to saving is not allowe"},
	"glance/database_unavailable":                {fault.Unavailable, "500 Internal Server Error The server has either erred or is incapable of"},
	"glance/forbidden":                           {fault.Forbidden, "403 Forbidden You do not own this image"},
	"glance/identity_unavailable":                {fault.Unauthorized, "401 Unauthorized This server could not verify that you are authorized to"},
	"glance/not_found":                           {fault.NotFound, "404 Not Found No image found with ID 11111111-1111-4111-8111-11111111111"},
	"glance/token_expired":                       {fault.Unauthorized, "401 Unauthorized This server could not verify that you are authorized to"},
	"glance/unauthorized":                        {fault.Unauthorized, "401 Unauthorized This server could not verify that you are authorized to"},
	"heat/bad_request":                           {fault.Invalid, "No template specified"},
	"heat/cancel_update_refused":                 {fault.Invalid, "Cancelling update when stack is CREATE_IN_PROGRESS is not supported."},
	"heat/conflict":                              {fault.Conflict, "The Stack (rec-stack) already exists."},
	"heat/database_unavailable":                  {fault.Unavailable, "The server has either erred or is incapable of performing the requested"},
	"heat/engine_unavailable":                    {fault.Unavailable, "The server has either erred or is incapable of performing the requested"},
	"heat/forbidden":                             {fault.Forbidden, "You are not authorized to use service:index."},
	"heat/identity_unavailable":                  {fault.Unavailable, "503 Service Unavailable The server is currently unavailable. Please try"},
	"heat/not_found":                             {fault.NotFound, "The Stack (no-such-stack) could not be found."},
	"heat/resource_not_found":                    {fault.NotFound, "The Resource (nothing) could not be found in Stack rec-stack."},
	"heat/stack_by_application_credential":       {fault.Unavailable, "The server has either erred or is incapable of performing the requested"},
	"heat/stack_name_invalid":                    {fault.Invalid, `Invalid stack name 9 rec must contain only alphanumeric or "_-." charact`},
	"heat/token_expired":                         {fault.Unauthorized, "The request you have made requires authentication."},
	"heat/unauthorized":                          {fault.Unauthorized, "The request you have made requires authentication."},
	"heat/validation_flavor":                     {fault.Invalid, "Property error: : resources.s.properties.flavor: : Error validating valu"},
	"heat/validation_parameter_constraint":       {fault.Invalid, "Parameter 'a' is invalid: Invalid default 9 (9 is out of range (min: Non"},
	"heat/validation_parameter_missing":          {fault.Invalid, "The Parameter (a) was not provided."},
	"heat/validation_property":                   {fault.Invalid, "Property error: : resources.n.properties: : Unknown Property nmae"},
	"heat/validation_reference":                  {fault.Invalid, `The specified reference "m" (in n.Properties.network) is incorrect.`},
	"heat/validation_syntax":                     {fault.Invalid, "Template not in valid format: Error parsing template [root stack] while"},
	"heat/validation_type":                       {fault.Invalid, "The Resource Type (OS::Neutron::Nett) could not be found."},
	"heat/validation_version":                    {fault.Invalid, `The template version is invalid: "heat_template_version: 1999-01-01". "h`},
	"keystone/application_credential_bad_secret": {fault.Unauthorized, "The request you have made requires authentication."},
	"keystone/application_credential_restricted": {fault.Forbidden, "You are not authorized to perform the requested action: Using method 'ap"},
	"keystone/bad_password":                      {fault.Unauthorized, "The request you have made requires authentication."},
	"keystone/bad_request":                       {fault.Invalid, "Invalid input for field 'identity': 'methods' is a required property"},
	"keystone/conflict":                          {fault.Conflict, "Conflict occurred attempting to store application_credential - Duplicate"},
	"keystone/database_unavailable":              {fault.Unavailable, "Internal Server Error The server encountered an unexpected internal serv"},
	"keystone/forbidden":                         {fault.Forbidden, "You are not authorized to perform the requested action: identity:create_"},
	"keystone/not_found":                         {fault.NotFound, "Could not find Application Credential: 00000000000000000000000000000000."},
	"keystone/project_refused":                   {fault.Unauthorized, "The request you have made requires authentication."},
	"keystone/token_expired":                     {fault.Unauthorized, "The request you have made requires authentication."},
	"keystone/token_validate_not_found":          {fault.NotFound, "Could not recognize Fernet token"},
	"keystone/trust_by_application_credential":   {fault.Forbidden, "You are not authorized to perform the requested action: Delegated tokens"},
	"keystone/unauthorized":                      {fault.Unauthorized, "The request you have made requires authentication."},
	"keystone/unknown_user":                      {fault.Unauthorized, "The request you have made requires authentication."},
	"neutron/bad_request":                        {fault.Invalid, "Invalid input for operation: 10.0.0.0/99 is not in a CIDR format."},
	"neutron/conflict":                           {fault.Conflict, "Unable to complete operation on network 3c382930-9152-43cc-9ff4-4ade19c6"},
	"neutron/forbidden":                          {fault.Forbidden, "(rule:create_network and rule:create_network:provider:network_type) is d"},
	"neutron/identity_unavailable":               {fault.Unavailable, "503 Service Unavailable The server is currently unavailable. Please try"},
	"neutron/ip_address_in_use":                  {fault.Conflict, "IP address 10.77.0.20 already allocated in subnet 207d87ac-9fae-4eee-af1"},
	"neutron/not_found":                          {fault.NotFound, "Network 11111111-1111-4111-8111-111111111111 could not be found."},
	"neutron/quota_floatingip":                   {fault.Quota, "Quota exceeded for resources: ['floatingip']."},
	"neutron/quota_network":                      {fault.Quota, "Quota exceeded for resources: ['network']."},
	"neutron/quota_port":                         {fault.Quota, "Quota exceeded for resources: ['port']."},
	"neutron/quota_router":                       {fault.Quota, "Quota exceeded for resources: ['router']."},
	"neutron/quota_security_group":               {fault.Quota, "Quota exceeded for resources: ['security_group']."},
	"neutron/quota_security_group_rule":          {fault.Quota, "Quota exceeded for resources: ['security_group_rule']."},
	"neutron/quota_subnet":                       {fault.Quota, "Quota exceeded for resources: ['subnet']."},
	"neutron/router_in_use":                      {fault.Conflict, "Router fa2040dc-efeb-4f1a-b2da-c56c9553a97e has ports still attached: 08"},
	"neutron/router_interface_exists":            {fault.Invalid, "Bad router request: Router already has a port on subnet 207d87ac-9fae-4e"},
	"neutron/security_group_in_use":              {fault.Conflict, "Security Group 1eb97555-5639-4f0d-91b4-d85708e95077 in use."},
	"neutron/security_group_rule_exists":         {fault.Conflict, "Security group rule already exists. Rule id is fdad188a-57b9-457c-929e-d"},
	"neutron/subnet_in_use":                      {fault.Conflict, "Unable to complete operation on subnet 207d87ac-9fae-4eee-af18-6eb87362e"},
	"neutron/subnet_overlap":                     {fault.Invalid, "Invalid input for operation: Requested subnet with cidr: 10.77.0.0/24 fo"},
	"neutron/token_expired":                      {fault.Unauthorized, "The request you have made requires authentication."},
	"neutron/unauthorized":                       {fault.Unauthorized, "The request you have made requires authentication."},
	"nova/bad_request_flavor":                    {fault.Invalid, "Flavor no-such-flavor could not be found."},
	"nova/bad_request_schema":                    {fault.Invalid, "Invalid input for field/attribute server. Value: {'name': 'rec'}. 'flavo"},
	"nova/conflict":                              {fault.Conflict, "Cannot 'start' instance e4e9ab4f-e35b-477c-8591-66c32b3feb8b while it is"},
	"nova/conflict_stopped":                      {fault.Conflict, "Cannot 'stop' instance e4e9ab4f-e35b-477c-8591-66c32b3feb8b while it is"},
	"nova/database_unavailable":                  {fault.Unavailable, "Unexpected API Error. Please report this at http://bugs.launchpad.net/no"},
	"nova/forbidden":                             {fault.Forbidden, "Policy doesn't allow os_compute_api:os-flavor-manage:create to be perfor"},
	"nova/identity_unavailable":                  {fault.Unavailable, "503 Service Unavailable The server is currently unavailable. Please try"},
	"nova/key_pair_exists":                       {fault.Conflict, "Key pair 'rec-key' already exists."},
	"nova/microversion_not_supported":            {fault.Invalid, "Version 2.999 is not supported by the API. Minimum is 2.1 and maximum is"},
	"nova/not_found":                             {fault.NotFound, "Instance 11111111-1111-4111-8111-111111111111 could not be found."},
	"nova/quota_cores":                           {fault.Quota, "Quota exceeded for cores: Requested 1, but already used 2 of 0 cores"},
	"nova/quota_instances":                       {fault.Quota, "Quota exceeded for instances: Requested 1, but already used 2 of 0 insta"},
	"nova/quota_ram":                             {fault.Quota, "Quota exceeded for ram: Requested 512, but already used 1024 of 0 ram"},
	"nova/quota_server_groups":                   {fault.Quota, "Quota exceeded, too many server groups."},
	"nova/servers_bad_marker":                    {fault.Invalid, "marker [11111111-1111-4111-8111-111111111111] not found"},
	"nova/token_expired":                         {fault.Unauthorized, "The request you have made requires authentication."},
	"nova/unauthorized":                          {fault.Unauthorized, "The request you have made requires authentication."},
	"nova/volume_attach_in_use":                  {fault.Invalid, "Invalid volume: volume 5b05f4bd-2243-4569-9a1b-e1f75007276d is already a"},
	"nova/volume_attach_unknown":                 {fault.NotFound, "Volume 11111111-1111-4111-8111-111111111111 could not be found."},
	"nova/volume_detach_unknown":                 {fault.NotFound, "Volume 11111111-1111-4111-8111-111111111111 could not be found."},
	"swift/bad_request":                          {fault.Invalid, "Container name length of 300 longer than 256"},
	"swift/conflict":                             {fault.Conflict, "Conflict There was a conflict when trying to complete your request."},
	"swift/forbidden":                            {fault.Forbidden, "Forbidden Access was denied to this resource."},
	"swift/identity_unavailable":                 {fault.Unauthorized, "Unauthorized This server could not verify that you are authorized to acc"},
	"swift/not_found":                            {fault.NotFound, "Not Found The resource could not be found."},
	"swift/object_not_found":                     {fault.NotFound, "Not Found The resource could not be found."},
	"swift/quota":                                {fault.Quota, "Upload exceeds quota."},
	"swift/token_expired":                        {fault.Unauthorized, "Unauthorized This server could not verify that you are authorized to acc"},
	"swift/unauthorized":                         {fault.Unauthorized, "Unauthorized This server could not verify that you are authorized to acc"},
}

// ask returns the error that a client gets for a response of a service.
func ask(t *testing.T, r recording) error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, v := range r.Headers {
			w.Header().Set(name, v)
		}
		w.WriteHeader(r.Status)
		_, _ = w.Write(r.bytes())
	}))
	defer server.Close()
	c := &gophercloud.ServiceClient{ProviderClient: &gophercloud.ProviderClient{}, Endpoint: server.URL + "/"}
	var out any
	_, err := c.Get(t.Context(), server.URL, &out, nil)
	return openstack.Fault(r.Service, err)
}

func TestFault_Recorded(t *testing.T) {
	seen := 0
	for name, r := range recordings(t) {
		if r.Status < 400 {
			continue
		}
		want, ok := faults[name]
		if !assert.True(t, ok, "%s is recorded and not in the table", name) {
			continue
		}
		seen++
		err := ask(t, r)
		require.Error(t, err, name)
		assert.Equal(t, want.kind, fault.KindOf(err), "%s: %v", name, err)
		said := fault.MessageOf(err).String()
		assert.Contains(t, said, want.says, name)
		assert.Regexp(t, "^"+r.Service+": ", said, name)
		assert.NotRegexp(t, `</?[a-z0-9]+>|^[a-z]+: *[{\[]`, said, "%s: not a sentence", name)
	}
	require.Equal(t, len(faults), seen, "the table names what is not recorded")
}

// Kinds that block an operation can be resolved by a user; retryable kinds are temporary.
func TestFault_KindsDecideRetries(t *testing.T) {
	for name, want := range faults {
		switch want.kind {
		case fault.Quota, fault.Conflict, fault.Unauthorized:
			require.True(t, want.kind.Blocks() && !want.kind.Retryable(), name)
		case fault.Unavailable, fault.RateLimited:
			require.True(t, want.kind.Retryable() && !want.kind.Blocks(), name)
		default:
			require.False(t, want.kind.Retryable() || want.kind.Blocks(), name)
		}
	}
}

func TestFault_RateLimitIsNotAQuota(t *testing.T) {
	body := json.RawMessage(`{"overLimit": {"code": 413, "message": "This request was rate-limited.", "retryAfter": "30"}}`)
	for _, r := range []recording{
		{"nova", http.StatusTooManyRequests, map[string]string{"Retry-After": "1"}, body},
		{"cinder", http.StatusRequestEntityTooLarge, map[string]string{"Retry-After": "30"}, body},
	} {
		require.Equal(t, fault.RateLimited, fault.KindOf(ask(t, r)), "%d", r.Status)
	}
	require.Equal(t, fault.Unavailable, fault.KindOf(ask(t, recording{"heat", 502, nil, json.RawMessage(`"<html><head><title>502</title></head><body>Bad Gateway</body></html>"`)})))
	require.Equal(t, fault.Quota, fault.KindOf(ask(t, recording{"heat", 403, nil,
		json.RawMessage(`{"error": {"message": "You have reached the maximum stacks per project, 1. Quota exceeded"}, "code": 403}`)})))
}

// Glance's quota error was not recorded; the response is taken from the source:
// https://opendev.org/openstack/glance/src/branch/master/glance/api/v2/image_data.py
func TestFault_GlanceQuota(t *testing.T) {
	err := ask(t, recording{"glance", 413, map[string]string{"Content-Type": "text/html"}, json.RawMessage(`"<html><head><title>413 Request Entity Too Large</title></head>` +
		`<body><h1>413 Request Entity Too Large</h1>Denying attempt to upload image because it exceeds the quota: The size of the data 1024 will exceed the limit. 0 bytes remaining.<br /><br /></body></html>"`)})
	require.Equal(t, fault.Quota, fault.KindOf(err))
	require.Contains(t, fault.MessageOf(err).String(), "glance: 413 Request Entity Too Large Denying attempt")
}

// A missing response is temporary.
func TestFault_BrokenConnection(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"dropped": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"servers": [`)
		},
		"late": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(serve)
			defer server.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			c := &gophercloud.ServiceClient{ProviderClient: &gophercloud.ProviderClient{}, Endpoint: server.URL + "/"}
			var out any
			_, err := c.Get(ctx, server.URL, &out, nil)
			require.Equal(t, fault.Unavailable, fault.KindOf(openstack.Fault("nova", err)), "%v", err)
		})
	}
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := &gophercloud.ServiceClient{ProviderClient: &gophercloud.ProviderClient{}, Endpoint: server.URL + "/"}
	_, err := c.Get(t.Context(), server.URL, nil, nil)
	err = openstack.Fault("nova", err)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Equal(t, "nova does not respond", fault.MessageOf(err).String(), "no address, no port")
}

func TestFault_KeepsFaults(t *testing.T) {
	require.NoError(t, openstack.Fault("nova", nil))
	mine := fault.New(fault.Conflict, nil, "in the way")
	require.Equal(t, mine, openstack.Fault("nova", mine))
	odd := openstack.Fault("nova", errors.New("odd"))
	require.Equal(t, fault.Internal, fault.KindOf(odd))
}

// A stack or a server that failed has its reason only as text.
func TestQuotaText(t *testing.T) {
	for text, quota := range map[string]bool{
		"Forbidden: resources.server: Quota exceeded for cores: Requested 1, but already used 2 of 2 cores (HTTP 403)":    true,
		"OverQuotaClient: resources.port: Quota exceeded for resources: ['port'].":                                        true,
		"VolumeLimitExceeded: Maximum number of volumes allowed (2) exceeded for quota 'volumes'.":                        true,
		"VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 1G":     true,
		"ResourceInError: resources.server: Went to status ERROR due to \"Message: No valid host was found., Code: 500\"": false,
		"Resource CREATE failed: the user cancelled":                                                                      false,
	} {
		require.Equal(t, quota, openstack.QuotaText(text), text)
	}
}
