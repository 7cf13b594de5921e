package kube

import (
	"encoding/base64"

	"sigs.k8s.io/yaml"

	"mycloudmanager/sandbox/sim"
)

// Kubeconfig returns an administrator's kubeconfig for the server's URL, or "" if there is no cluster. ca is
// the CA certificate, nil for plain HTTP.
func (s *Service) Kubeconfig(server string, ca []byte) string {
	cluster := s.cluster()
	if cluster == nil {
		return ""
	}
	where := sim.Document{"server": server}
	if len(ca) > 0 {
		where["certificate-authority-data"] = base64.StdEncoding.EncodeToString(ca)
	}
	out, err := yaml.Marshal(sim.Document{"apiVersion": "v1", "kind": "Config", "current-context": "default",
		"clusters": []any{sim.Document{"name": "default", "cluster": where}},
		"users":    []any{sim.Document{"name": "default", "user": sim.Document{"token": cluster["token"]}}},
		"contexts": []any{sim.Document{"name": "default", "context": sim.Document{"cluster": "default", "user": "default"}}}})
	if err != nil {
		return ""
	}
	return string(out)
}
