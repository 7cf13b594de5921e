package hosts

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
	"sigs.k8s.io/yaml"

	"mycloudmanager/sandbox/sim"
)

// Keys is the document kind of the hosts' private keys.
const Keys = "hosts/keys"

// cloudConfig is the part of the user data that is simulated.
// https://cloudinit.readthedocs.io/en/latest/reference/modules.html
type cloudConfig struct {
	Users  []any    `json:"users"`
	Keys   []string `json:"ssh_authorized_keys"`
	Writes []struct {
		Path     string `json:"path"`
		Encoding string `json:"encoding"`
		Content  string `json:"content"`
	} `json:"write_files"`
}

func userData(server sim.Document) cloudConfig {
	var c cloudConfig
	raw, err := base64.StdEncoding.DecodeString(sim.Str(server, "_user_data"))
	if err == nil {
		_ = yaml.Unmarshal(raw, &c) // other kinds of user data are ignored
	}
	return c
}

// userKeys returns the keys that the user data authorizes for a user.
func userKeys(server sim.Document, user string) []string {
	c := userData(server)
	out := c.Keys
	for _, v := range c.Users {
		if u, ok := v.(sim.Document); ok && sim.Str(u, "name") == user {
			out = append(out, sim.Strs(u, "ssh_authorized_keys")...)
		}
	}
	return out
}

// hostKey returns the server's SSH host key: from its user data, or generated at its first boot.
func (n *Network) hostKey(server string) (ssh.Signer, error) {
	o := n.cloud.Get("nova/servers", server)
	for _, f := range userData(o).Writes {
		if f.Path != "/etc/ssh/ssh_host_ed25519_key" || f.Content == "" {
			continue
		}
		text := []byte(f.Content)
		if f.Encoding == "b64" || f.Encoding == "base64" {
			raw, err := base64.StdEncoding.DecodeString(f.Content)
			if err != nil {
				break
			}
			text = raw
		}
		if signer, err := ssh.ParsePrivateKey(text); err == nil {
			return signer, nil
		}
	}
	kept := n.cloud.Get(Keys, server)
	if kept == nil {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		block, err := ssh.MarshalPrivateKey(private, "")
		if err != nil {
			return nil, err
		}
		kept = sim.Document{"id": server, "key": string(pem.EncodeToMemory(block))}
		n.cloud.Put(Keys, kept)
	}
	return ssh.ParsePrivateKey([]byte(sim.Str(kept, "key")))
}

// authority returns the CA of the Kubernetes API and its serving certificate.
func (n *Network) authority() (ca []byte, cert tls.Certificate, err error) {
	kept := n.cloud.Get(Keys, "ca")
	if kept == nil {
		if kept, err = newAuthority(); err != nil {
			return nil, cert, err
		}
		n.cloud.Put(Keys, kept)
	}
	cert, err = tls.X509KeyPair([]byte(sim.Str(kept, "cert")), []byte(sim.Str(kept, "key")))
	return []byte(sim.Str(kept, "ca")), cert, err
}

func newAuthority() (sim.Document, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	from, to := time.Now().Add(-time.Hour), time.Now().AddDate(10, 0, 0)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "k3s-server-ca"}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	ca, err := x509.CreateCertificate(rand.Reader, root, root, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "k3s"}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.mycloudmanager"},
		IPAddresses: addresses()}
	cert, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), caKey)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return sim.Document{"id": "ca", "ca": text("CERTIFICATE", ca), "cert": text("CERTIFICATE", cert), "key": text("EC PRIVATE KEY", der)}, nil
}

// addresses returns the addresses in the masters' certificate: loopback and the stack's range for masters.
func addresses() []net.IP {
	out := []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 43, 0, 1)}
	for i := range 5 {
		out = append(out, net.IPv4(10, 0, 1, byte(10+i)))
	}
	return out
}
