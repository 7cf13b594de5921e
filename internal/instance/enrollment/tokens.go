package enrollment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	temporalclient "mycloudmanager/internal/operation/temporal"
)

// Tokens creates, lists, redeems and revokes tokens. Each token is a workflow with a timer for its expiry. The token is redeemed by
// a workflow update, and Temporal serializes concurrent updates. The workflow has no search attributes of operations, so that
// it does not appear in the lists of tasks. The API audits the actions on tokens.
type Tokens struct {
	Temporal  client.Client
	Namespace string
	TaskQueue string
	Converter converter.DataConverter
}

// CreateTokenOptions are the options of Tokens.Create.
type CreateTokenOptions struct {
	Label      string
	TTL        time.Duration
	MaxUses    int
	InstanceID string
	Agents     []string
	Creator    operation.Actor
}

// retention is the time for which List includes expired, used and revoked tokens.
const retention = 7 * 24 * time.Hour

// maxListed is the maximum number of tokens that List returns.
const maxListed = 500

// Create creates a token. text is the token with its secret, which is not stored and cannot be read again.
func (s *Tokens) Create(ctx context.Context, options CreateTokenOptions) (t Token, text string, err error) {
	id, text := generate()
	_, hash, err := parse(text)
	if err != nil {
		return t, "", err
	}
	now := time.Now().UTC()
	t = Token{ID: id, Hash: hash, Label: options.Label, InstanceID: options.InstanceID, Agents: options.Agents, MaxUses: options.MaxUses,
		CreatedAt: now, ExpiresAt: now.Add(options.TTL), Creator: options.Creator, Uses: []Use{}}
	_, err = s.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: WorkflowID(id), TaskQueue: s.TaskQueue, WorkflowExecutionErrorWhenAlreadyStarted: true, Memo: map[string]any{TokenMemo: t},
	}, WorkflowType, t)
	if err != nil {
		return t, "", temporalclient.Unavailable(err)
	}
	return t, text, nil
}

// List returns the tokens, newest first: all active tokens, and tokens that ended within the last 7 days.
func (s *Tokens) List(ctx context.Context) ([]Token, error) {
	since := time.Now().Add(-retention).UTC().Format(time.RFC3339)
	response, err := s.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: s.Namespace, PageSize: maxListed,
		Query: fmt.Sprintf("WorkflowType = '%s' AND (ExecutionStatus = 'Running' OR CloseTime > '%s')", WorkflowType, since)})
	if err != nil {
		return nil, temporalclient.Unavailable(err)
	}
	out := []Token{}
	for _, run := range response.Executions {
		if t, ok := s.fromMemo(run); ok {
			out = append(out, t)
		}
	}
	return out, nil
}

// fromMemo reads a token from the memo of its workflow. ok is false if the memo cannot be decrypted, for example after a change
// of the key.
func (s *Tokens) fromMemo(run *workflowpb.WorkflowExecutionInfo) (t Token, ok bool) {
	payload := run.GetMemo().GetFields()[TokenMemo]
	return t, payload != nil && s.Converter.FromPayload(payload, &t) == nil
}

// Get returns the token with the given ID. The error is a NotFound fault if the token does not exist.
func (s *Tokens) Get(ctx context.Context, id string) (Token, error) {
	response, err := s.Temporal.DescribeWorkflowExecution(ctx, WorkflowID(id), "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return Token{}, fault.New(fault.NotFound, nil, "there is no such token")
	}
	if err != nil {
		return Token{}, temporalclient.Unavailable(err)
	}
	t, ok := s.fromMemo(response.WorkflowExecutionInfo)
	if !ok {
		return t, fault.New(fault.NotFound, nil, "there is no such token")
	}
	return t, nil
}

// Revoke revokes a token. It does nothing if the token is already revoked or expired.
func (s *Tokens) Revoke(ctx context.Context, id string) (Token, error) {
	t, err := s.Get(ctx, id)
	if err != nil || t.Revoked || t.StatusAt(time.Now()) == Expired {
		return t, err
	}
	if err := s.update(ctx, id, RevokeUpdate, nil); err != nil {
		return t, err
	}
	t.Revoked = true
	return t, nil
}

// Redeem uses a token for a server. source is the IP address of the request. The error is a Forbidden fault if the token does not
// permit the enrollment.
func (s *Tokens) Redeem(ctx context.Context, text, server, source string) (Token, error) {
	t, r, err := s.find(ctx, text, server)
	if err != nil {
		return t, err
	}
	r.SourceIP = source
	if err := t.Check(r, time.Now()); err != nil {
		return t, err
	}
	err = s.update(ctx, t.ID, RedeemUpdate, &t, r)
	return t, err
}

// Authenticate returns the token if the server has redeemed it, and a Forbidden fault otherwise. It accepts expired and revoked
// tokens, so that a server can read the progress of its enrollment after the token has ended.
func (s *Tokens) Authenticate(ctx context.Context, text, server string) (Token, error) {
	t, r, err := s.find(ctx, text, server)
	if err == nil && (!t.HasHash(r.Hash) || !t.UsedBy(server)) {
		err = errInvalidToken()
	}
	return t, err
}

func (s *Tokens) find(ctx context.Context, text, server string) (Token, Redeem, error) {
	id, hash, err := parse(text)
	if err != nil {
		return Token{}, Redeem{}, err
	}
	t, err := s.Get(ctx, id)
	if fault.KindOf(err) == fault.NotFound {
		err = errInvalidToken()
	}
	return t, Redeem{Hash: hash, ServerID: server}, err
}

func (s *Tokens) update(ctx context.Context, id, name string, out any, arguments ...any) error {
	handle, err := s.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: WorkflowID(id), UpdateName: name,
		Args: arguments, WaitForStage: client.WorkflowUpdateStageCompleted})
	if err == nil {
		err = handle.Get(ctx, out)
	}
	if err == nil || fault.KindOf(err) == fault.Forbidden {
		return err
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return fault.New(fault.Forbidden, nil, "the token has expired: make a new one")
	}
	return temporalclient.Unavailable(err)
}
