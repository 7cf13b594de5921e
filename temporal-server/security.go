package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"

	"go.temporal.io/server/common/rpc/encryption"
)

// mutualTLS requires a certificate of the supervisor's CA on every port.
type mutualTLS struct{ server, client *tls.Config }

var _ encryption.TLSConfigProvider = (*mutualTLS)(nil)

func newMutualTLS(ca, cert, key string) (*mutualTLS, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(ca)) {
		return nil, errors.New("specification: no CA")
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return nil, err
	}
	own := []tls.Certificate{pair}
	return &mutualTLS{
		server: &tls.Config{Certificates: own, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"}},
		client: &tls.Config{Certificates: own, RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS13},
	}, nil
}

func (m *mutualTLS) GetInternodeServerConfig() (*tls.Config, error) { return m.server.Clone(), nil }
func (m *mutualTLS) GetInternodeClientConfig() (*tls.Config, error) { return m.client.Clone(), nil }
func (m *mutualTLS) GetFrontendServerConfig() (*tls.Config, error)  { return m.server.Clone(), nil }
func (m *mutualTLS) GetFrontendClientConfig() (*tls.Config, error)  { return m.client.Clone(), nil }

func (m *mutualTLS) GetRemoteClusterClientConfig(string) (*tls.Config, error) {
	return m.client.Clone(), nil
}

func (m *mutualTLS) GetExpiringCerts(time.Duration) (expiring, expired encryption.CertExpirationMap, err error) {
	return nil, nil, nil
}
