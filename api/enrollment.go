package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/enrollment"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/workflows"
)

func (s *Server) enrollmentRoutes(api huma.API) {
	tags := []string{"Enrollment"}
	handle(api, identity.Operator, huma.Operation{OperationID: "createEnrollmentToken", Method: http.MethodPost, Path: "/enrollment-tokens", Tags: tags,
		Summary: "Create an enrollment token, shown once", DefaultStatus: http.StatusCreated}, s.createToken)
	handle(api, identity.Viewer, huma.Operation{OperationID: "listEnrollmentTokens", Method: http.MethodGet, Path: "/enrollment-tokens", Tags: tags,
		Summary: "List enrollment tokens, newest first"}, s.listTokens)
	handle(api, identity.Operator, huma.Operation{OperationID: "revokeEnrollmentToken", Method: http.MethodDelete, Path: "/enrollment-tokens/{id}", Tags: tags,
		Summary: "Revoke an enrollment token", DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusNotFound}}, s.revokeToken)
	handle(api, public, huma.Operation{OperationID: "getEnrollScript", Method: http.MethodGet, Path: "/enroll.sh", Tags: tags,
		Summary: "Get the enrollment script"}, s.enrollScript)
	handle(api, public, huma.Operation{OperationID: "enroll", Method: http.MethodPost, Path: "/enroll", Tags: tags,
		Summary:       "Enroll an instance with a token",
		DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusConflict}}, s.enroll)
	handle(api, public, huma.Operation{OperationID: "getEnrollStatus", Method: http.MethodPost, Path: "/enroll/status", Tags: tags,
		Summary: "Get the status of an enrollment, for the instance", Errors: []int{http.StatusNotFound}}, s.enrollStatus)
}

// EnrollmentToken is a token without its secret.
type EnrollmentToken struct {
	ID         string            `json:"id"`
	Label      string            `json:"label"`
	Status     enrollment.Status `json:"status" enum:"active,used,expired,revoked"`
	InstanceID string            `json:"instance_id,omitempty"`
	Agents     []string          `json:"agents"`
	MaxUses    int               `json:"max_uses"`
	UsesLeft   int               `json:"uses_left"`
	Uses       []enrollment.Use  `json:"uses"`
	CreatedAt  time.Time         `json:"created_at"`
	ExpiresAt  time.Time         `json:"expires_at"`
	CreatedBy  operation.Actor   `json:"created_by"`
}

func toEnrollmentToken(t enrollment.Token) EnrollmentToken {
	e := EnrollmentToken{ID: t.ID, Label: t.Label, Status: t.StatusAt(time.Now()), InstanceID: t.InstanceID, Agents: t.Agents, MaxUses: t.MaxUses,
		Uses: t.Uses, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, CreatedBy: t.Creator}
	if e.Status == enrollment.Active {
		e.UsesLeft = t.MaxUses - len(t.Uses)
	}
	return e
}

// CreateEnrollmentTokenRequest holds the options of a new token.
type CreateEnrollmentTokenRequest struct {
	Label      string   `json:"label,omitempty" maxLength:"100"`
	TTLSeconds int      `json:"ttl_seconds,omitempty" minimum:"60" maximum:"2592000" default:"3600"`
	MaxUses    int      `json:"max_uses,omitempty" minimum:"1" maximum:"1000" default:"1"`
	InstanceID string   `json:"instance_id,omitempty" maxLength:"64" pattern:"^[0-9a-zA-Z-]*$" doc:"the only server that may use it"`
	Agents     []string `json:"agents,omitempty" maxItems:"20" uniqueItems:"true" doc:"apps whose agents are installed after enrollment"`
}

// EnrollmentTokenWithSecret is the only response that contains the secret.
type EnrollmentTokenWithSecret struct {
	EnrollmentToken
	Token       string `json:"token" doc:"shown only once"`
	Command     string `json:"command" doc:"shell command to run on the instance"`
	CloudConfig string `json:"cloud_config" doc:"user data for a new instance"`
	Warning     string `json:"warning,omitempty"`
}

func (s *Server) createToken(ctx context.Context, in *struct{ Body *CreateEnrollmentTokenRequest }) (*struct{ Body EnrollmentTokenWithSecret }, error) {
	body := orEmpty(in.Body)
	if err := s.validateAgents(ctx, body.Agents, workflows.InstallAgents); err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	t, text, err := s.Tokens.Create(ctx, enrollment.CreateTokenOptions{Label: body.Label, TTL: time.Duration(orElse(body.TTLSeconds, int(enrollment.DefaultTTL/time.Second))) * time.Second,
		MaxUses: orElse(body.MaxUses, 1), InstanceID: body.InstanceID, Agents: emptyIfNil(body.Agents), Creator: operation.Actor{ID: who.UserID, Name: who.UserName}})
	if err != nil {
		return nil, err
	}
	if err := s.record(ctx, who, "token.create", string(operation.Succeeded), i18n.Verbatim(tokenName(t))); err != nil {
		return nil, err
	}
	out := EnrollmentTokenWithSecret{EnrollmentToken: toEnrollmentToken(t), Token: text, Command: s.Enrollment.Command(text), CloudConfig: s.Enrollment.CloudConfig(text)}
	if t.ExpiresAt.Sub(t.CreatedAt) > enrollment.LongTTL {
		out.Warning = i18n.Messagef("the token is valid for more than a day: anyone who obtains it can enroll servers of this project until it expires").For(ctx)
	}
	return &struct{ Body EnrollmentTokenWithSecret }{out}, nil
}

func orElse(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}

func emptyIfNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// tokenName returns the name of a token for the audit: label and ID, never the secret.
func tokenName(t enrollment.Token) string { return strings.TrimSpace(t.Label + " (" + t.ID + ")") }

// EnrollmentTokens is the list of tokens.
type EnrollmentTokens struct {
	Items         []EnrollmentToken `json:"items"`
	NextPageToken string            `json:"next_page_token"`
}

func (s *Server) listTokens(ctx context.Context, _ *struct{}) (*struct{ Body EnrollmentTokens }, error) {
	list, err := s.Tokens.List(ctx)
	if err != nil {
		return nil, err
	}
	out := EnrollmentTokens{Items: []EnrollmentToken{}}
	for _, t := range list {
		out.Items = append(out.Items, toEnrollmentToken(t))
	}
	return &struct{ Body EnrollmentTokens }{out}, nil
}

func (s *Server) revokeToken(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"32" pattern:"^[a-z2-7]+$"`
}) (*struct{}, error) {
	t, err := s.Tokens.Revoke(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.record(ctx, callerOf(ctx), "token.revoke", string(operation.Succeeded), i18n.Verbatim(tokenName(t)))
}

func (s *Server) enrollScript(context.Context, *struct{}) (*struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}, error) {
	return &struct {
		ContentType string `header:"Content-Type"`
		Body        []byte
	}{"text/x-shellscript; charset=utf-8", []byte(s.Enrollment.Script())}, nil
}

// EnrollRequest is sent by the enrollment script on an instance.
type EnrollRequest struct {
	Token    string      `json:"token" maxLength:"128"`
	ServerID string      `json:"server_id" maxLength:"64" pattern:"^[0-9a-zA-Z-]+$"`
	HostKeys []string    `json:"host_keys" minItems:"1" maxItems:"10" doc:"public keys in authorized_keys format"`
	Facts    EnrollFacts `json:"facts"`
}

// EnrollFacts describes the instance. The values are displayed and compared, but not trusted.
type EnrollFacts struct {
	Hostname            string   `json:"hostname,omitempty" maxLength:"255"`
	Distribution        string   `json:"distribution,omitempty" maxLength:"64"`
	DistributionVersion string   `json:"distribution_version,omitempty" maxLength:"64"`
	Architecture        string   `json:"architecture,omitempty" maxLength:"64"`
	Kernel              string   `json:"kernel,omitempty" maxLength:"255"`
	MachineID           string   `json:"machine_id,omitempty" maxLength:"64"`
	Python              string   `json:"python,omitempty" maxLength:"64"`
	Addresses           []string `json:"addresses,omitempty" maxItems:"64"`
}

// StartedEnrollment holds the public keys that the instance must authorize.
type StartedEnrollment struct {
	TaskURL        string   `json:"task_url"`
	AuthorizedKeys []string `json:"authorized_keys"`
}

func (s *Server) enroll(ctx context.Context, in *struct{ Body EnrollRequest }) (*struct{ Body StartedEnrollment }, error) {
	who := callerOf(ctx)
	key, err := enrollment.SelectHostKey(in.Body.HostKeys)
	if err != nil {
		return nil, err
	}
	if err := s.loginLimiter.allow(who.sourceIP, "token"); err != nil {
		return nil, err
	}
	t, err := s.Tokens.Redeem(ctx, in.Body.Token, in.Body.ServerID, who.sourceIP)
	s.loginLimiter.result(who.sourceIP, "token", err)
	if err != nil {
		s.auditEnrollRefusal(ctx, who, in.Body.ServerID, err)
		return nil, err
	}
	name := in.Body.Facts.Hostname
	if i, err := s.Instances.Get(ctx, in.Body.ServerID); err == nil {
		name = i.Name
	}
	input := workflows.EnrollInstanceInput{ID: in.Body.ServerID, SourceIP: who.sourceIP, HostKey: key,
		MachineID: in.Body.Facts.MachineID, Addresses: in.Body.Facts.Addresses, Agents: t.Agents}
	r := request(ctx, "instance.enroll", instanceTarget(in.Body.ServerID, name))
	r.Actor, r.Via = t.Creator, "api"
	r.Changes = []operation.Change{{Field: "token", New: tokenName(t)}}
	task, err := s.Tasks.Start(ctx, task.StartRequest{Operation: s.Operations["instance.enroll"], Input: input, Request: r})
	if busy, ok := errors.AsType[*fault.Error](err); ok && busy.Kind == fault.Conflict {
		// The script may be repeated while its first enrollment is still running.
		if t, again := s.Tasks.Get(ctx, busy.Task); again == nil && t.Operation == "instance.enroll" {
			task, err = t, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return &struct{ Body StartedEnrollment }{StartedEnrollment{TaskURL: taskURL(task.ID), AuthorizedKeys: []string{s.PublicKey}}}, nil
}

// auditEnrollRefusal audits an enrollment attempt with an invalid token.
func (s *Server) auditEnrollRefusal(ctx context.Context, who caller, server string, err error) {
	if fault.KindOf(err) == fault.Forbidden {
		_ = s.record(ctx, who, "instance.enroll", audit.Refused, i18n.Messagef("%s: %s", server, fault.MessageOf(err)))
	}
}

// EnrollStatusRequest is sent by an instance that polls its enrollment.
type EnrollStatusRequest struct {
	Token    string `json:"token" maxLength:"128"`
	ServerID string `json:"server_id" maxLength:"64" pattern:"^[0-9a-zA-Z-]+$"`
}

// EnrollStatus is the status of an enrollment.
type EnrollStatus struct {
	Status  string `json:"status" enum:"running,succeeded,failed,blocked,cancelled"`
	Message string `json:"message"`
}

func (s *Server) enrollStatus(ctx context.Context, in *struct{ Body EnrollStatusRequest }) (*struct{ Body EnrollStatus }, error) {
	who := callerOf(ctx)
	if err := s.loginLimiter.allow(who.sourceIP, "token"); err != nil {
		return nil, err
	}
	_, err := s.Tokens.Authenticate(ctx, in.Body.Token, in.Body.ServerID)
	s.loginLimiter.result(who.sourceIP, "token", err)
	if err != nil {
		return nil, err
	}
	task, err := s.Tasks.LatestByTarget(ctx, instanceTarget(in.Body.ServerID, ""))
	if err != nil {
		return nil, err
	}
	out := EnrollStatus{Status: "running", Message: task.Message}
	switch task.Status {
	case operation.Succeeded, operation.PartiallyFailed: // failed agents are shown in the manager
		out.Status = "succeeded"
	case operation.Failed, operation.TimedOut:
		out.Status = "failed"
	case operation.Blocked, operation.Cancelled:
		out.Status = string(task.Status)
	}
	if task.Error != nil {
		out.Message = task.Error.Detail
	}
	return &struct{ Body EnrollStatus }{out}, nil
}
