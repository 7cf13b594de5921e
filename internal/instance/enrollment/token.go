// Package enrollment holds the tokens by which instances ask to be enrolled, and the command that
// people paste. A token opens enrollment and nothing else.
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

// Prefix begins every token, for those who scan texts for secrets.
const Prefix = "mcm_enr_"

// Names that cross the wire between the token's workflow and its readers.
const (
	WorkflowType = "EnrollmentToken"
	StateQuery   = "token"  // query: Token
	RedeemUpdate = "redeem" // update: Redeem -> Token
	RevokeUpdate = "revoke" // update, without argument
	TokenMemo    = "token"  // memo: Token
)

// Limits of a token.
const (
	DefaultTTL = time.Hour
	LongTTL    = 24 * time.Hour // a longer one is warned of
	MaxTTL     = 30 * 24 * time.Hour
	MaxUses    = 1000
)

// Status says why a token opens nothing any more.
type Status string

// The statuses.
const (
	Active  Status = "active"
	Used    Status = "used"
	Expired Status = "expired"
	Revoked Status = "revoked"
)

// Token is what is known of a token; the secret itself is known to nobody but its holder.
type Token struct {
	ID         string          `json:"id"`
	Hash       string          `json:"hash"`
	Label      string          `json:"label"`
	InstanceID string          `json:"instance_id,omitempty"` // the only server that may use it
	Agents     []string        `json:"agents"`
	MaxUses    int             `json:"max_uses"`
	CreatedAt  time.Time       `json:"created_at"`
	ExpiresAt  time.Time       `json:"expires_at"`
	Creator    operation.Actor `json:"creator"`
	Uses       []Use           `json:"uses"`
	Revoked    bool            `json:"revoked,omitempty"`
}

// Use is one server that the token was redeemed for.
type Use struct {
	ServerID string    `json:"server_id"`
	SourceIP string    `json:"source_ip"`
	At       time.Time `json:"at"`
}

// Redeem asks for one use.
type Redeem struct {
	Hash     string `json:"hash"`
	ServerID string `json:"server_id"`
	SourceIP string `json:"source_ip"`
}

// StatusAt tells whether the token opens anything at that time.
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

// UsedBy tells whether the server has redeemed it.
func (t Token) UsedBy(server string) bool {
	for _, u := range t.Uses {
		if u.ServerID == server {
			return true
		}
	}
	return false
}

// HasHash tells whether the hash is that of the token's secret.
func (t Token) HasHash(hash string) bool {
	return subtle.ConstantTimeCompare([]byte(t.Hash), []byte(hash)) == 1
}

// invalid is what everybody hears who has no token of ours: it tells nothing about those there are.
func invalid() error { return fault.New(fault.Forbidden, nil, "the token is not valid") }

// Check says why the token does not open enrollment for r; nil when it does. A server that comes
// again with its token is let in again, so that the script may be repeated.
func (t Token) Check(r Redeem, now time.Time) error {
	if !t.HasHash(r.Hash) {
		return invalid()
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

// generate makes a token's id and the text that is shown once.
func generate() (id, text string) {
	id, secret := strings.ToLower(rand.Text()[:12]), strings.ToLower(rand.Text())
	return id, Prefix + id + "_" + secret
}

var form = regexp.MustCompile(`^` + Prefix + `([a-z2-7]{12})_([a-z2-7]{26})$`)

// parse takes a token apart; its secret leaves this function as a hash only.
func parse(text string) (id, hash string, err error) {
	parts := form.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return "", "", invalid()
	}
	return parts[1], hashOf(parts[2]), nil
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// SelectHostKey picks the host key that is pinned: of a kind that every OpenSSH has and that fits into
// a server's metadata.
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

// WorkflowID is the id of the token's workflow.
func WorkflowID(id string) string { return "token:" + id }
