package kube

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"

	"mycloudmanager/sandbox/sim"
)

// plain converts a body in Kubernetes' protobuf encoding, which typed clients send, to JSON.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#kubernetes-protobuf-encoding
func plain(contentType string, body []byte) ([]byte, error) {
	if len(body) == 0 || !strings.Contains(contentType, "protobuf") {
		return body, nil
	}
	o, _, err := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Decode(body, nil, nil)
	if err != nil {
		return nil, status(400, "BadRequest", err.Error())
	}
	return sim.JSON(o), nil
}
