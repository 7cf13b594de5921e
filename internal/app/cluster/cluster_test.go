package cluster_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"mycloudmanager/internal/app/cluster"
	"mycloudmanager/internal/fault"
)

// Helm returns an untyped error if the cluster does not respond. Fault recognises the error by its text.
func TestFault_TemporaryErrorsOfHelm(t *testing.T) {
	busy := apierrors.NewServiceUnavailable("the server is currently unable to handle the request")
	for _, err := range []error{
		busy, fmt.Errorf("unable to recognize %q: %v", "", busy), //nolint:errorlint // Helm does not wrap the error either
		errors.New(`resource mapping not found for name: "zabbix" namespace: "" from "": no matches for kind "StatefulSet" in version "apps/v1"`),
		errors.New(`Patch "https://127.0.0.1:6443/api/v1/namespaces/default/services/zabbix": EOF`),
	} {
		require.Equal(t, fault.Unavailable, fault.KindOf(cluster.Fault(err)), err)
	}
	require.Equal(t, fault.Internal, fault.KindOf(cluster.Fault(errors.New("values don't meet the specifications of the schema"))))
}
