package kube

import (
	"encoding/base64"

	"sigs.k8s.io/yaml"

	"mycloudmanager/sandbox/sim"
)

// Kubeconfig is the file with which an administrator comes to the cluster at the address; ca is
// the certificate that signed the server's, none for plain HTTP. It is empty while there is no
// cluster.
func (s *Service) Kubeconfig(server string, ca []byte) string {
	cluster := s.cluster()
	if cluster == nil {
		return ""
	}
	where := sim.Obj{"server": server}
	if len(ca) > 0 {
		where["certificate-authority-data"] = base64.StdEncoding.EncodeToString(ca)
	}
	out, err := yaml.Marshal(sim.Obj{"apiVersion": "v1", "kind": "Config", "current-context": "default",
		"clusters": []any{sim.Obj{"name": "default", "cluster": where}},
		"users":    []any{sim.Obj{"name": "default", "user": sim.Obj{"token": cluster["token"]}}},
		"contexts": []any{sim.Obj{"name": "default", "context": sim.Obj{"cluster": "default", "user": "default"}}}})
	if err != nil {
		return ""
	}
	return string(out)
}
