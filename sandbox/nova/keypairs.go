package nova

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"regexp"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/sandbox/sim"
)

// keyPairRoutes registers the key pairs API. https://docs.openstack.org/api-ref/compute/#keypairs-keypairs
func (s *Service) keyPairRoutes() {
	s.Handle("GET /v2.1/os-keypairs", 200, func(r *sim.Request) (any, error) {
		docs, next, err := r.Page(s.cloud.With(KeyPairs, "user_id", r.Actor.UserID), 1000)
		if err != nil {
			return nil, err
		}
		out := sim.Document{"keypairs": sim.Views(docs, func(o sim.Document) sim.Document {
			return sim.Document{"keypair": sim.Only(o, "name", "public_key", "fingerprint", "type")}
		})}
		if next != "" {
			out["keypairs_links"] = []any{sim.Document{"rel": "next", "href": r.NextURL(r.URL.Path, next)}}
		}
		return out, nil
	})
	s.Handle("POST /v2.1/os-keypairs", 200, s.createKeyPair)
	s.Handle("GET /v2.1/os-keypairs/{id}", 200, func(r *sim.Request) (any, error) {
		o := s.keyPair(r.Actor.UserID, r.ID())
		if o == nil {
			return nil, sim.NotFound("Keypair %s not found for user %s", r.ID(), r.Actor.UserID)
		}
		out := sim.Public(o)
		out["id"] = 1
		return sim.Document{"keypair": out}, nil
	})
	s.Handle("DELETE /v2.1/os-keypairs/{id}", 202, func(r *sim.Request) (any, error) {
		o := s.keyPair(r.Actor.UserID, r.ID())
		if o == nil {
			return nil, sim.NotFound("Keypair %s not found for user %s", r.ID(), r.Actor.UserID)
		}
		s.cloud.Delete(KeyPairs, sim.Str(o, "id"))
		if microversion(r) >= 2 {
			return sim.Reply{Status: 204}, nil
		}
		return nil, nil
	})
}

func (s *Service) keyPair(user, name string) sim.Document {
	return s.cloud.Get(KeyPairs, user+":"+name)
}

var keyName = regexp.MustCompile(`^[A-Za-z0-9 _@.:-]{1,255}$`)

// KeyPair returns the document of a public key, or an error if the key is invalid.
func KeyPair(user, name, public string) (sim.Document, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(public))
	if err != nil {
		return nil, sim.BadRequest("Keypair data is invalid: failed to generate fingerprint")
	}
	return sim.Document{"id": user + ":" + name, "name": name, "user_id": user, "public_key": public, "type": "ssh",
		"fingerprint": ssh.FingerprintLegacyMD5(key)}, nil
}

func (s *Service) createKeyPair(r *sim.Request) (any, error) {
	in := sim.Map(r.Body, "keypair")
	name, public, private := sim.Str(in, "name"), sim.Str(in, "public_key"), ""
	if in["name"] == nil {
		return nil, sim.BadRequest("Invalid input for field/attribute keypair. Value: %s. 'name' is a required property", sim.JSON(in))
	}
	if !keyName.MatchString(name) {
		return nil, sim.BadRequest("Invalid input for field/attribute name. Value: %s. Keypair name contains unsafe characters", name)
	}
	if s.keyPair(r.Actor.UserID, name) != nil {
		return nil, sim.Conflict("Key pair '%s' already exists.", name)
	}
	if limit := s.limits(r)["key_pairs"]; sim.Over(limit, len(s.cloud.With(KeyPairs, "user_id", r.Actor.UserID)), 1) {
		return nil, sim.Forbidden("Quota exceeded, too many key pairs.")
	}
	if public == "" {
		var err error
		if public, private, err = generate(); err != nil {
			return nil, err
		}
	}
	o, err := KeyPair(r.Actor.UserID, name, public)
	if err != nil {
		return nil, err
	}
	s.cloud.Put(KeyPairs, sim.Merge(o, sim.Document{"created_at": sim.Stamp(s.cloud.Now(), sim.Micros), "deleted": false}))
	out := sim.Only(o, "name", "public_key", "fingerprint", "user_id", "type")
	if private != "" {
		out["private_key"] = private
	}
	status := 200
	if microversion(r) >= 2 {
		status = 201
	}
	return sim.Reply{Status: status, Body: sim.Document{"keypair": out}}, nil
}

func generate() (public, private string, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		return "", "", err
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		return "", "", err
	}
	return string(ssh.MarshalAuthorizedKey(key)), string(pem.EncodeToMemory(block)), nil
}
