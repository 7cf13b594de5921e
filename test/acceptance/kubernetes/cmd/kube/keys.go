package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// ensureKeys creates the certificates, the administrator's token and the kubeconfig once.
func ensureKeys(o options) error {
	if _, err := os.Stat(o.kubeconfig()); err == nil {
		return nil
	}
	ca := issuer{options: o}
	if err := ca.issue("ca", &x509.Certificate{Subject: pkix.Name{CommonName: "acceptance"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}); err != nil {
		return err
	}
	certificates := map[string]*x509.Certificate{
		"server": {Subject: pkix.Name{CommonName: "kube-apiserver"},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)},
			DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}},
		"client": {Subject: pkix.Name{CommonName: "kube-apiserver", Organization: []string{"system:masters"}},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		"accounts": {Subject: pkix.Name{CommonName: "service accounts"}},
	}
	for name, template := range certificates {
		if err := ca.issue(name, template); err != nil {
			return err
		}
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	token := hex.EncodeToString(random)
	if err := os.WriteFile(o.path("tokens.csv"), fmt.Appendf(nil, "%s,admin,admin,system:masters\n", token), 0o600); err != nil {
		return err
	}
	return writeKubeconfig(o, token)
}

// issuer signs certificates; the first one it issues is its own.
type issuer struct {
	options
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// issue writes NAME.crt and NAME.key.
func (i *issuer) issue(name string, template *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(10, 0, 0)
	if i.certificate == nil {
		i.certificate, i.key = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, i.certificate, &key.PublicKey, i.key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(i.path(name+".crt"), "CERTIFICATE", der); err != nil {
		return err
	}
	return writePEM(i.path(name+".key"), "EC PRIVATE KEY", secret)
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

func writeKubeconfig(o options, token string) error {
	authority, err := os.ReadFile(o.path("ca.crt"))
	if err != nil {
		return err
	}
	const name = "acceptance"
	return clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{name: {Server: "https://" + o.address(), CertificateAuthorityData: authority}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{name: {Token: token}},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	}, o.kubeconfig())
}
