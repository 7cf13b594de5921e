// Package hosts simulates the SSH side of servers: HTTP CONNECT to a floating IP, a set of shell
// commands, and forwarding to the network behind it.
package hosts

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"mycloudmanager/sandbox/kube"
	"mycloudmanager/sandbox/sim"
)

// booting is the time between ACTIVE and a reachable sshd, at speed 1.
const booting = time.Second

// Network is the simulated network behind the cloud's floating IPs.
type Network struct {
	cloud   *sim.Cloud
	cluster *kube.Service
	api     *pipeListener
	disks   sync.Map // by server: a mutex that is held during work on its files
}

// New returns the network. api serves the Kubernetes API on the masters.
func New(c *sim.Cloud, cluster *kube.Service, api http.Handler) *Network {
	n := &Network{cloud: c, cluster: cluster, api: newPipeListener()}
	go n.serveAPI(api)
	return n
}

// Close closes the network's listeners.
func (n *Network) Close() error { return n.api.Close() }

// ServeHTTP handles CONNECT <floating ip>:22. Other destinations are unreachable, unless security groups and
// floating IPs open them.
func (n *Network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	address, port, err := net.SplitHostPort(r.Host)
	number, portErr := strconv.Atoi(port)
	if err != nil || portErr != nil {
		http.Error(w, "CONNECT needs address:port", http.StatusBadRequest)
		return
	}
	var server string
	n.cloud.Locked(func() { server = n.behind(address, number) })
	if server == "" || number != 22 {
		http.Error(w, "no route to "+r.Host, http.StatusGatewayTimeout)
		return
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		http.Error(w, "CONNECT is not possible here", http.StatusInternalServerError)
		return
	}
	conn, buffered, err := hijacker.Hijack()
	if err != nil {
		return // the client disconnected
	}
	_ = conn.SetDeadline(time.Time{})
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = conn.Close()
		return
	}
	n.serveSSH(&prefixed{Conn: conn, r: buffered}, server)
}

// prefixed is a connection whose first bytes have already been read.
type prefixed struct {
	net.Conn
	r io.Reader
}

func (p *prefixed) Read(b []byte) (int, error) { return p.r.Read(b) }

// behind returns the running server that a floating IP maps to, if its security groups open the port to the
// world, else "".
func (n *Network) behind(address string, port int) string {
	for _, fip := range n.cloud.With("neutron/floatingips", "floating_ip_address", address) {
		p := n.cloud.Get("neutron/ports", sim.Str(fip, "port_id"))
		if p != nil && n.open(p, port) && n.running(sim.Str(p, "device_id")) {
			return sim.Str(p, "device_id")
		}
	}
	return ""
}

// open reports whether a security group of the port admits traffic from anywhere.
func (n *Network) open(p sim.Document, port int) bool {
	if p["port_security_enabled"] == false {
		return true
	}
	for _, group := range sim.Strs(p, "security_groups") {
		for _, rule := range n.cloud.With("neutron/security_group_rules", "security_group_id", group) {
			proto, prefix := sim.Str(rule, "protocol"), sim.Str(rule, "remote_ip_prefix")
			lo, hi := sim.Int(rule, "port_range_min"), sim.Int(rule, "port_range_max")
			if sim.Str(rule, "direction") == "ingress" && slices.Contains([]string{"", "any", "tcp", "6"}, proto) &&
				sim.Str(rule, "remote_group_id") == "" && (prefix == "" || prefix == "0.0.0.0/0") &&
				(hi == 0 || (lo <= port && port <= hi)) {
				return true
			}
		}
	}
	return false
}

// running reports whether a server's sshd is reachable.
func (n *Network) running(server string) bool {
	o := n.cloud.Get("nova/servers", server)
	booted, err := time.Parse(sim.Expiry, sim.Str(o, "_booted"))
	return err == nil && sim.Str(o, "status") == "ACTIVE" && n.cloud.Now().Sub(booted) >= n.cloud.Scale(booting)
}

// at returns the running server with a private address in a network that the other server shares or reaches
// through a router.
func (n *Network) at(from string, address string) string {
	if a, err := netip.ParseAddr(address); err == nil && a.IsLoopback() {
		return from
	}
	mine := map[string]bool{}
	for _, p := range n.cloud.With("neutron/ports", "device_id", from) {
		mine[sim.Str(p, "network_id")] = true
	}
	for _, p := range n.cloud.All("neutron/ports") {
		if sim.Str(p, "device_owner") != "network:router_interface" || !mine[sim.Str(p, "network_id")] {
			continue
		}
		for _, other := range n.cloud.With("neutron/ports", "device_id", sim.Str(p, "device_id")) {
			if sim.Str(other, "device_owner") == "network:router_interface" {
				mine[sim.Str(other, "network_id")] = true
			}
		}
	}
	for _, p := range n.cloud.All("neutron/ports") {
		for _, ip := range sim.Objs(p, "fixed_ips") {
			if sim.Str(ip, "ip_address") == address && mine[sim.Str(p, "network_id")] && n.running(sim.Str(p, "device_id")) {
				return sim.Str(p, "device_id")
			}
		}
	}
	return ""
}

func role(server sim.Document) string { return sim.Str(sim.Map(server, "metadata"), "mcm:role") }
