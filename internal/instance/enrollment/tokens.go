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
)

// Tokens makes tokens and redeems them. Each is a workflow: its timer is the token's life, an update
// redeems it, and Temporal serialises who comes first. It carries none of the attributes of
// operations, so the lists of tasks leave it out; the API audits what is done with it.
type Tokens struct {
	Temporal  client.Client
	Namespace string
	TaskQueue string
	Converter converter.DataConverter
}

// CreateTokenOptions is what a token is asked for with.
type CreateTokenOptions struct {
	Label      string
	TTL        time.Duration
	MaxUses    int
	InstanceID string
	Agents     []string
	Creator    operation.Actor
}

// retention is how long tokens that open nothing any more are still listed.
const retention = 7 * 24 * time.Hour

// maxListed bounds a list of tokens.
const maxListed = 500

// Create makes a token; text is shown once and kept nowhere.
func (s *Tokens) Create(ctx context.Context, in CreateTokenOptions) (t Token, text string, err error) {
	id, text := generate()
	_, hash, err := parse(text)
	if err != nil {
		return t, "", err
	}
	now := time.Now().UTC()
	t = Token{ID: id, Hash: hash, Label: in.Label, InstanceID: in.InstanceID, Agents: in.Agents, MaxUses: in.MaxUses,
		CreatedAt: now, ExpiresAt: now.Add(in.TTL), Creator: in.Creator, Uses: []Use{}}
	_, err = s.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: WorkflowID(id), TaskQueue: s.TaskQueue, WorkflowExecutionErrorWhenAlreadyStarted: true, Memo: map[string]any{TokenMemo: t},
	}, WorkflowType, t)
	if err != nil {
		return t, "", unavailable(err)
	}
	return t, text, nil
}

// List returns the tokens, the newest first: those that live, and for a week those that have ended.
func (s *Tokens) List(ctx context.Context) ([]Token, error) {
	since := time.Now().Add(-retention).UTC().Format(time.RFC3339)
	answer, err := s.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: s.Namespace, PageSize: maxListed,
		Query: fmt.Sprintf("WorkflowType = '%s' AND (ExecutionStatus = 'Running' OR CloseTime > '%s')", WorkflowType, since)})
	if err != nil {
		return nil, unavailable(err)
	}
	out := []Token{}
	for _, run := range answer.Executions {
		if t, ok := s.fromMemo(run); ok {
			out = append(out, t)
		}
	}
	return out, nil
}

// fromMemo reads a token from its workflow's memo; one that an older key sealed is left out.
func (s *Tokens) fromMemo(run *workflowpb.WorkflowExecutionInfo) (t Token, ok bool) {
	payload := run.GetMemo().GetFields()[TokenMemo]
	return t, payload != nil && s.Converter.FromPayload(payload, &t) == nil
}

// Get returns one token.
func (s *Tokens) Get(ctx context.Context, id string) (Token, error) {
	answer, err := s.Temporal.DescribeWorkflowExecution(ctx, WorkflowID(id), "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return Token{}, fault.New(fault.NotFound, nil, "there is no such token")
	}
	if err != nil {
		return Token{}, unavailable(err)
	}
	t, ok := s.fromMemo(answer.WorkflowExecutionInfo)
	if !ok {
		return t, fault.New(fault.NotFound, nil, "there is no such token")
	}
	return t, nil
}

// Revoke ends a token. One that has ended is as good as revoked.
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

// Redeem uses a token for a server.
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

// Authenticate tells whose token it is when the server has redeemed it: it may ask how its enrollment goes
// on, also after the token's end.
func (s *Tokens) Authenticate(ctx context.Context, text, server string) (Token, error) {
	t, r, err := s.find(ctx, text, server)
	if err == nil && (!t.HasHash(r.Hash) || !t.UsedBy(server)) {
		err = invalid()
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
		err = invalid()
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
	return unavailable(err)
}

func unavailable(err error) error {
	return fault.New(fault.Unavailable, err, "Temporal does not respond")
}
