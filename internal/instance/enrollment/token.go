// Package enrollment implements the enrollment tokens that instances authenticate with, and the enrollment command and script. A
// token permits enrollment and nothing else.
package enrollment

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"regexp"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// Prefix is the prefix of every token. Secret scanners can detect tokens by it.
const Prefix = "mcm_enr_"

// Names of the token workflow, its query, updates and memo, and the types that they carry.
const (
	WorkflowType = "EnrollmentToken"
	StateQuery   = "token"  // result: Token
	RedeemUpdate = "redeem" // argument: Redeem, result: Token
	RevokeUpdate = "revoke" // no argument
	TokenMemo    = "token"  // value: Token
)

// Limits of a token.
const (
	DefaultTTL = time.Hour
	LongTTL    = 24 * time.Hour // a longer TTL causes a warning
	MaxTTL     = 30 * 24 * time.Hour
	MaxUses    = 1000
)

// Status is the status of a token. Only an active token permits enrollment.
type Status string

// The statuses.
const (
	Active  Status = "active"
	Used    Status = "used"
	Expired Status = "expired"
	Revoked Status = "revoked"
)

// Token is an enrollment token. It holds the hash of the secret, never the secret itself.
type Token struct {
	ID         string          `json:"id"`
	Hash       string          `json:"hash"`
	Label      string          `json:"label"`
	InstanceID string          `json:"instance_id,omitempty"` // if set, only this server may use the token
	Agents     []string        `json:"agents"`
	MaxUses    int             `json:"max_uses"`
	CreatedAt  time.Time       `json:"created_at"`
	ExpiresAt  time.Time       `json:"expires_at"`
	Creator    operation.Actor `json:"creator"`
	Uses       []Use           `json:"uses"`
	Revoked    bool            `json:"revoked,omitempty"`
}

// Use is the use of a token by one server.
type Use struct {
	ServerID string    `json:"server_id"`
	SourceIP string    `json:"source_ip"`
	At       time.Time `json:"at"`
}

// Redeem is a request to use a token for a server.
type Redeem struct {
	Hash     string `json:"hash"`
	ServerID string `json:"server_id"`
	SourceIP string `json:"source_ip"`
}

// StatusAt returns the status of the token at the time now.
func (t Token) StatusAt(now time.Time) Status {
	switch {
	case t.Revoked:
		return Revoked
	case !now.Before(t.ExpiresAt):
		return Expired
	case len(t.Uses) >= t.MaxUses:
		return Used
	}
	return Active
}

// UsedBy reports whether the server has redeemed the token.
func (t Token) UsedBy(server string) bool {
	for _, u := range t.Uses {
		if u.ServerID == server {
			return true
		}
	}
	return false
}

// HasHash reports whether hash is the hash of the token's secret. The comparison takes constant time.
func (t Token) HasHash(hash string) bool {
	return subtle.ConstantTimeCompare([]byte(t.Hash), []byte(hash)) == 1
}

// errInvalidToken returns the same error for unknown tokens and wrong secrets, so that it reveals nothing about existing tokens.
func errInvalidToken() error { return fault.New(fault.Forbidden, nil, "the token is not valid") }

// Check returns nil if the token permits the enrollment that r requests, and a Forbidden fault otherwise. A server may use the
// token again, even if no uses are left, so that the script can be repeated.
func (t Token) Check(r Redeem, now time.Time) error {
	if !t.HasHash(r.Hash) {
		return errInvalidToken()
	}
	if t.InstanceID != "" && t.InstanceID != r.ServerID {
		return fault.New(fault.Forbidden, nil, "the token is for another instance")
	}
	switch t.StatusAt(now) {
	case Revoked:
		return fault.New(fault.Forbidden, nil, "the token was revoked")
	case Expired:
		return fault.New(fault.Forbidden, nil, "the token has expired: make a new one")
	case Used:
		if !t.UsedBy(r.ServerID) {
			return fault.New(fault.Forbidden, nil, "the token was used already: make a new one")
		}
	}
	return nil
}

// generate returns the ID of a new token, and the token itself, which is shown to the user only once.
func generate() (id, text string) {
	id, secret := strings.ToLower(rand.Text()[:12]), strings.ToLower(rand.Text())
	return id, Prefix + id + "_" + secret
}

var tokenPattern = regexp.MustCompile(`^` + Prefix + `([a-z2-7]{12})_([a-z2-7]{26})$`)

// parse returns the ID of a token and the hash of its secret. It never returns the secret itself.
func parse(text string) (id, hash string, err error) {
	parts := tokenPattern.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return "", "", errInvalidToken()
	}
	return parts[1], hashOf(parts[2]), nil
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// SelectHostKey returns the host key to pin, without comment: an ed25519 or ECDSA P-256 key, which every OpenSSH version supports
// and which fits into a metadata value. The error is an Invalid fault if no line has such a key.
func SelectHostKey(lines []string) (string, error) {
	for _, kind := range []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256} {
		for _, line := range lines {
			key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
			if err == nil && key.Type() == kind {
				return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), nil
			}
		}
	}
	return "", fault.InvalidField("host_keys", "none is an ed25519 or ecdsa key: make one on the instance with ssh-keygen -A")
}

// WorkflowID returns the ID of the workflow of the token with the given ID.
func WorkflowID(id string) string { return "token:" + id }
