package pki_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/platform/pki"
)

func TestAuthority_Issue(t *testing.T) {
	authority, err := pki.NewAuthority("test CA", 2)
	require.NoError(t, err)
	other, err := pki.NewAuthority("test CA", 2)
	require.NoError(t, err)
	pool, otherPool := x509.NewCertPool(), x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(authority.PEM))
	require.True(t, otherPool.AppendCertsFromPEM(other.PEM))
	for name, c := range map[string]struct {
		subject pki.Subject
		usage   x509.ExtKeyUsage
		pool    *x509.CertPool
		host    string
		valid   bool
	}{
		"server by name":         {pki.Subject{DNSNames: []string{"localhost"}}, x509.ExtKeyUsageServerAuth, pool, "localhost", true},
		"server by address":      {pki.Subject{Addresses: []net.IP{net.IPv4(10, 0, 2, 10)}}, x509.ExtKeyUsageServerAuth, pool, "10.0.2.10", true},
		"server of another name": {pki.Subject{DNSNames: []string{"localhost"}}, x509.ExtKeyUsageServerAuth, pool, "example.org", false},
		"server as client":       {pki.Subject{}, x509.ExtKeyUsageClientAuth, pool, "", true},
		"client":                 {pki.Subject{ClientOnly: true}, x509.ExtKeyUsageClientAuth, pool, "", true},
		"client as server":       {pki.Subject{ClientOnly: true, DNSNames: []string{"localhost"}}, x509.ExtKeyUsageServerAuth, pool, "localhost", false},
		"another authority":      {pki.Subject{DNSNames: []string{"localhost"}}, x509.ExtKeyUsageServerAuth, otherPool, "localhost", false},
	} {
		t.Run(name, func(t *testing.T) {
			certificate, key, err := authority.Issue(c.subject)
			require.NoError(t, err)
			pair, err := tls.X509KeyPair(certificate, key)
			require.NoError(t, err)
			require.WithinDuration(t, time.Now().AddDate(2, 0, 0), pair.Leaf.NotAfter, 24*time.Hour)
			_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: c.pool, DNSName: c.host, KeyUsages: []x509.ExtKeyUsage{c.usage}})
			require.Equal(t, c.valid, err == nil, "%v", err)
		})
	}
}
