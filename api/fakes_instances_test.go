package api

import (
	"context"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/instance/enrollment"
	"mycloudmanager/internal/operation"
)

const (
	enrolledID = "6f6f0c5e-0000-4000-8000-000000000001"
	strangerID = "6f6f0c5e-0000-4000-8000-000000000002"
	goodToken  = enrollment.Prefix + "aaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// fakeInstances has one enrolled instance and one that is not enrolled.
type fakeInstances struct{ err error }

func (f *fakeInstances) ListCached(ctx context.Context) ([]instance.Instance, error) {
	return f.List(ctx)
}

func (f *fakeInstances) List(context.Context) ([]instance.Instance, error) {
	at := time.Now().UTC()
	plain := func(id, name string) instance.Instance {
		return instance.Instance{ID: id, Name: name, Agents: []instance.AgentState{{App: "ntp", State: instance.Absent}},
			Addresses: []instance.Address{{Network: "demo-net", Address: "192.168.10.5", Kind: "fixed"}}}
	}
	one, other := plain(enrolledID, "web-1"), plain(strangerID, "web-2")
	one.Enrolled, one.EnrolledAt, one.Image = true, &at, "Debian 12"
	return []instance.Instance{one, other}, f.err
}

func (f *fakeInstances) Get(ctx context.Context, id string) (instance.Instance, error) {
	list, err := f.List(ctx)
	for _, i := range list {
		if i.ID == id {
			return i, err
		}
	}
	return instance.Instance{}, fault.New(fault.NotFound, nil, "there is no such instance")
}

// fakeTokens stores one valid token.
type fakeTokens struct {
	err     error
	redeems int
}

func (p *fakeTokens) token() enrollment.Token {
	return enrollment.Token{ID: "aaaaaaaaaaaa", Label: "web servers", Agents: []string{}, MaxUses: 1, CreatedAt: time.Now().UTC(),
		ExpiresAt: time.Now().UTC().Add(time.Hour), Creator: operation.Actor{ID: "u1", Name: "anna"}, Uses: []enrollment.Use{}}
}

func (p *fakeTokens) Create(context.Context, enrollment.CreateTokenOptions) (enrollment.Token, string, error) {
	return p.token(), goodToken, p.err
}

func (p *fakeTokens) List(context.Context) ([]enrollment.Token, error) {
	return []enrollment.Token{p.token()}, p.err
}

func (p *fakeTokens) Revoke(context.Context, string) (enrollment.Token, error) {
	return p.token(), p.err
}

func (p *fakeTokens) Redeem(_ context.Context, text, _, _ string) (enrollment.Token, error) {
	p.redeems++
	if p.err == nil && text != goodToken {
		return enrollment.Token{}, fault.New(fault.Forbidden, nil, "the token is not valid")
	}
	return p.token(), p.err
}

func (p *fakeTokens) Authenticate(ctx context.Context, text, server string) (enrollment.Token, error) {
	return p.Redeem(ctx, text, server, "")
}
