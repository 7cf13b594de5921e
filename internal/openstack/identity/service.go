package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// cacheTTL is the time for which a validated token is accepted without another request to Keystone: a revoked token
// works for at most this time.
const cacheTTL = 30 * time.Second

// Service validates credentials with Keystone. It caches results for a short time by a hash of the credential, so that
// the requests of a program do not authenticate each time.
type Service struct {
	Cloud *openstack.Cloud

	once   sync.Once
	salt   []byte
	share  singleflight.Group
	mu     sync.Mutex
	cached map[string]entry
}

type entry struct {
	identity Identity
	until    time.Time
}

// SignIn authenticates a password or an application credential. The token for an application credential is cached for
// half of its lifetime.
func (s *Service) SignIn(ctx context.Context, c Credentials) (Identity, error) {
	if c.ApplicationCredentialID == "" {
		return s.signIn(ctx, c)
	}
	key := s.hash("credential", c.ApplicationCredentialID, c.ApplicationCredentialSecret)
	return s.remember(key, func() (Identity, time.Time, error) {
		id, err := s.signIn(context.WithoutCancel(ctx), c)
		return id, time.Now().Add(time.Until(id.ExpiresAt) / 2), err
	})
}

func (s *Service) signIn(ctx context.Context, c Credentials) (Identity, error) {
	session, err := s.Cloud.SignIn(ctx, openstack.Login{
		Username: c.Username, Password: c.Password, UserDomain: c.UserDomain, Project: c.Project, ProjectDomain: c.ProjectDomain,
		ApplicationCredentialID: c.ApplicationCredentialID, ApplicationCredentialSecret: c.ApplicationCredentialSecret,
	})
	switch fault.KindOf(err) {
	case "":
	case fault.Unauthorized, fault.NotFound:
		return Identity{}, fault.New(fault.Unauthorized, err, "user name, password or project are not right")
	default:
		return Identity{}, err
	}
	return s.accept(ctx, session)
}

// Validate returns the identity of a token.
func (s *Service) Validate(ctx context.Context, token string) (Identity, error) {
	return s.remember(s.hash("token", token), func() (Identity, time.Time, error) {
		ctx := context.WithoutCancel(ctx)
		session, err := s.Cloud.WithToken(ctx, token)
		if err != nil {
			if fault.KindOf(err) == fault.Unauthorized {
				err = fault.New(fault.Unauthorized, err, "the token is not valid or has ended: sign in again")
			}
			return Identity{}, time.Time{}, err
		}
		id, err := s.accept(ctx, session)
		return id, time.Now().Add(cacheTTL), err
	})
}

// Revoke revokes a token, and removes it from the cache.
func (s *Service) Revoke(ctx context.Context, token string) error {
	s.mu.Lock()
	delete(s.cached, s.hash("token", token))
	s.mu.Unlock()
	return s.Cloud.Revoke(ctx, token)
}

// accept returns an identity with a role in the managed project.
func (s *Service) accept(ctx context.Context, session *openstack.Session) (Identity, error) {
	manager, err := s.Cloud.Manager(ctx)
	if err != nil {
		return Identity{}, err
	}
	g := session.Grant()
	id := Identity{UserID: g.UserID, UserName: g.UserName, ProjectID: g.ProjectID, ProjectName: g.ProjectName, Role: RoleFromKeystone(g.Roles),
		Token: session.Token(), ExpiresAt: g.ExpiresAt, Restricted: g.Restricted}
	if g.ProjectID != manager.ProjectID() {
		return Identity{}, fault.New(fault.Forbidden, nil, "this manager works for another project than yours")
	}
	if id.Role == None {
		return Identity{}, fault.New(fault.Forbidden, nil, "you have no role in the project that opens this manager: ask for reader, member or admin")
	}
	return id, nil
}

func (s *Service) hash(parts ...string) string {
	s.once.Do(func() {
		s.salt = make([]byte, 32)
		_, _ = rand.Read(s.salt) // crypto/rand never returns an error
		s.mu.Lock()
		s.cached = map[string]entry{}
		s.mu.Unlock()
	})
	h := hmac.New(sha256.New, s.salt)
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return string(h.Sum(nil))
}

func (s *Service) remember(key string, ask func() (Identity, time.Time, error)) (Identity, error) {
	now := time.Now()
	s.mu.Lock()
	e, ok := s.cached[key]
	s.mu.Unlock()
	if ok && now.Before(e.until) && now.Before(e.identity.ExpiresAt) {
		return e.identity, nil
	}
	v, err, _ := s.share.Do(key, func() (any, error) {
		id, until, err := ask()
		if err != nil {
			return Identity{}, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for k, old := range s.cached {
			if now.After(old.until) {
				delete(s.cached, k)
			}
		}
		s.cached[key] = entry{id, until}
		return id, nil
	})
	id, _ := v.(Identity)
	return id, err
}
