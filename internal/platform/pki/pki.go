// Package pki creates certificate authorities and certificates for mutual TLS.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// Authority is a certificate authority. Its key exists only in memory.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	// PEM is the certificate of the authority.
	PEM []byte
}

// NewAuthority creates an authority. Its certificate, and all certificates that it issues, expire after the years.
func NewAuthority(commonName string, years int) (*Authority, error) {
	template, key, err := newTemplate(commonName, time.Now().AddDate(years, 0, 0))
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &Authority{certificate: template, key: key, PEM: encode("CERTIFICATE", der)}, nil
}

// Subject describes a certificate.
type Subject struct {
	CommonName string
	DNSNames   []string
	Addresses  []net.IP
	ClientOnly bool // the certificate cannot identify a server
}

// Issue creates a certificate with a new key. Both are PEM.
func (a *Authority) Issue(s Subject) (certificate, key []byte, err error) {
	template, private, err := newTemplate(s.CommonName, a.certificate.NotAfter)
	if err != nil {
		return nil, nil, err
	}
	template.DNSNames, template.IPAddresses, template.KeyUsage = s.DNSNames, s.Addresses, x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	if s.ClientOnly {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &private.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return encode("CERTIFICATE", der), encode("EC PRIVATE KEY", keyDER), nil
}

// clockSkew is the tolerated delay of the clock of another host.
const clockSkew = time.Hour

func newTemplate(commonName string, notAfter time.Time) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: commonName}, NotBefore: time.Now().Add(-clockSkew), NotAfter: notAfter}, key, nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
