package heat

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/applicationcredentials"
	"golang.org/x/crypto/ssh"

	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/platform/pki"
)

// stackSecrets are generated per stack in this activity and passed to Heat as hidden parameters, so that no secret passes
// through Temporal.
type stackSecrets struct {
	parameters   map[string]any
	hostKeyPrint string // SHA-256, base64 without padding, in the format of ssh-keygen
}

// certificateYears is the validity of etcd's certificates, which covers the lifetime of a stack.
const certificateYears = 10

func (a *Activities) newSecrets(ctx context.Context, s *openstack.Session, in CreateStackInput) (stackSecrets, error) {
	hostKey, print, err := newHostKey()
	if err != nil {
		return stackSecrets{}, err
	}
	out := stackSecrets{hostKeyPrint: print, parameters: map[string]any{
		"manager_public_key": a.PublicKey, "host_key": hostKey, "k3s_token": rand.Text() + rand.Text(),
	}}
	if *in.Parameters.Etcd > 0 {
		if err := etcdCertificates(out.parameters, *in.Parameters.Etcd); err != nil {
			return out, err
		}
	}
	conf, err := a.cloudConf(ctx, s, in.Parameters.Name)
	if err != nil {
		return out, err
	}
	out.parameters["cloud_conf"] = b64([]byte(conf))
	return out, nil
}

// CredentialName returns the name of the application credential of the cluster's cloud controller.
func CredentialName(stack string) string { return "mcm-" + stack }

// cloudConf recreates the application credential, because its secret is shown only once.
// https://docs.openstack.org/api-ref/identity/v3/#application-credentials
func (a *Activities) cloudConf(ctx context.Context, s *openstack.Session, stackName string) (string, error) {
	if err := DeleteCredential(ctx, s, CredentialName(stackName)); err != nil {
		return "", err
	}
	c, err := s.Identity()
	if err != nil {
		return "", err
	}
	made, err := applicationcredentials.Create(ctx, c, s.UserID(), applicationcredentials.CreateOpts{
		Name: CredentialName(stackName), Description: "Cloud controller and Cinder driver of the toolbox stack " + stackName,
	}).Extract()
	if err != nil {
		return "", s.Fault("keystone", err)
	}
	return fmt.Sprintf("[Global]\nauth-url=%s\napplication-credential-id=%s\napplication-credential-secret=%s\n\n[LoadBalancer]\nenabled=false\n",
		a.Cloud.AuthURL(), made.ID, made.Secret), nil
}

// DeleteCredential deletes the application credential of that name of the session's user. It tolerates absence.
func DeleteCredential(ctx context.Context, s *openstack.Session, name string) error {
	c, err := s.Identity()
	if err != nil {
		return err
	}
	pages, err := applicationcredentials.List(c, s.UserID(), applicationcredentials.ListOpts{Name: name}).AllPages(ctx)
	if err != nil {
		return s.Fault("keystone", err)
	}
	list, err := applicationcredentials.ExtractApplicationCredentials(pages)
	if err != nil {
		return s.Fault("keystone", err)
	}
	for _, credential := range list {
		if credential.Name != name {
			continue
		}
		if err := applicationcredentials.Delete(ctx, c, s.UserID(), credential.ID).ExtractErr(); err != nil {
			return s.Fault("keystone", err)
		}
	}
	return nil
}

// newHostKey generates the SSH host key of the servers. The manager pins its fingerprint.
func newHostKey() (private, fingerprint string, err error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	block, err := ssh.MarshalPrivateKey(key, "mcm")
	if err != nil {
		return "", "", err
	}
	sshKey, err := ssh.NewPublicKey(public)
	if err != nil {
		return "", "", err
	}
	return b64(pem.EncodeToMemory(block)), strings.TrimPrefix(ssh.FingerprintSHA256(sshKey), "SHA256:"), nil
}

// etcdCertificates adds a CA, the members' certificate and the masters' client certificate to the parameters.
func etcdCertificates(parameters map[string]any, members int) error {
	authority, err := pki.NewAuthority("mcm etcd CA", certificateYears)
	if err != nil {
		return err
	}
	parameters["etcd_ca"] = b64(authority.PEM)
	addresses := []net.IP{net.IPv4(127, 0, 0, 1)}
	for i := range members {
		addresses = append(addresses, net.IPv4(10, 0, 2, byte(10+i)))
	}
	for prefix, clientOnly := range map[string]bool{"etcd": false, "etcd_client": true} {
		certificate, key, err := authority.Issue(pki.Subject{CommonName: "mcm " + prefix, Addresses: addresses, ClientOnly: clientOnly})
		if err != nil {
			return err
		}
		parameters[prefix+"_cert"], parameters[prefix+"_key"] = b64(certificate), b64(key)
	}
	return nil
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
