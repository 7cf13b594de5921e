package sandbox_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"mycloudmanager/sandbox/sandboxtest"
)

func identity(t *testing.T) (ssh.Signer, []byte) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(key, "")
	require.NoError(t, err)
	return signer, pem.EncodeToMemory(block)
}

// connect connects through the sandbox's port to an address of the cloud.
func connect(t *testing.T, c *sandboxtest.Cloud, address string) (net.Conn, int) {
	t.Helper()
	at, err := url.Parse(c.URL)
	require.NoError(t, err)
	conn, err := net.Dial("tcp", at.Host)
	require.NoError(t, err)
	_, err = fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", address, address)
	require.NoError(t, err)
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, &http.Request{Method: http.MethodConnect})
	require.NoError(t, err)
	return ahead{conn, in}, resp.StatusCode
}

// ahead is a connection whose first bytes were read with the proxy's response.
type ahead struct {
	net.Conn
	in *bufio.Reader
}

func (a ahead) Read(p []byte) (int, error) { return a.in.Read(p) }

func TestHosts_bastion_reaches_cluster_and_servers(t *testing.T) {
	c := sandboxtest.Start(t)
	client := heatClient(t, c)
	me, _ := identity(t)
	host, hostKey := identity(t)
	params := map[string]any{"host_key": base64.StdEncoding.EncodeToString(hostKey)}
	maps.Copy(params, small)
	params["manager_public_key"] = string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(me.PublicKey())))
	stack := awaitStack(t, client, "toolbox", createToolbox(t, client, params))
	require.Equal(t, "CREATE_COMPLETE", stack.Status)
	address := ""
	for _, o := range stack.Outputs {
		if o["output_key"] == "floating_ip" {
			address = o["output_value"].(string)
		}
	}
	time.Sleep(20 * time.Millisecond) // sshd starts
	conn, code := connect(t, c, address+":22")
	require.Equal(t, http.StatusOK, code)
	config := &ssh.ClientConfig{User: "mcm", Auth: []ssh.AuthMethod{ssh.PublicKeys(me)}, HostKeyCallback: ssh.FixedHostKey(host.PublicKey())}
	sc, channels, requests, err := ssh.NewClientConn(conn, address, config)
	require.NoError(t, err)
	bastion := ssh.NewClient(sc, channels, requests)
	defer func() { _ = bastion.Close() }()

	require.Contains(t, run(t, bastion, "cat /etc/os-release"), "Debian")
	var kubeconfig string
	require.Eventually(t, func() bool {
		s, err := bastion.NewSession()
		require.NoError(t, err)
		out, err := s.Output("sudo cat /etc/rancher/k3s/k3s.yaml")
		kubeconfig = string(out)
		return err == nil
	}, 30*time.Second, 10*time.Millisecond)

	rc, err := clientcmd.RESTConfigFromKubeConfig([]byte(kubeconfig))
	require.NoError(t, err)
	rc.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return bastion.DialContext(ctx, "tcp", "127.0.0.1:6443")
	}
	k, err := kubernetes.NewForConfig(rc)
	require.NoError(t, err)
	_, err = k.CoreV1().Namespaces().Get(t.Context(), "default", metav1.GetOptions{})
	require.NoError(t, err)

	inner, err := bastion.Dial("tcp", "10.0.3.10:22")
	require.NoError(t, err)
	sc, channels, requests, err = ssh.NewClientConn(inner, "10.0.3.10:22", config)
	require.NoError(t, err)
	node := ssh.NewClient(sc, channels, requests)
	require.Equal(t, "toolbox-node-0\n", run(t, node, "hostname"))

	_, code = connect(t, c, "192.168.10.2:22")
	require.Equal(t, http.StatusGatewayTimeout, code)
	stranger, _ := identity(t)
	conn, _ = connect(t, c, address+":22")
	config.Auth = []ssh.AuthMethod{ssh.PublicKeys(stranger)}
	_, _, _, err = ssh.NewClientConn(conn, address, config) // only the refusal matters
	require.ErrorContains(t, err, "unable to authenticate")
}

func run(t *testing.T, client *ssh.Client, command string) string {
	t.Helper()
	s, err := client.NewSession()
	require.NoError(t, err)
	out, err := s.Output(command)
	require.NoError(t, err)
	return string(out)
}
