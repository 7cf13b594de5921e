package backup_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
)

// roundTrip stores the spec in image properties and reads it back. It fails if a property is too long or not valid UTF-8.
func roundTrip(t *testing.T, s backup.ServerSpec) *backup.ServerSpec {
	t.Helper()
	properties := map[string]any{}
	for name, value := range (backup.SnapshotMetadata{Spec: s}).Properties() {
		require.LessOrEqual(t, len(value), 255, name)
		require.Equal(t, strings.ToValidUTF8(value, ""), value, name)
		properties[name] = value
	}
	return backup.ImageFrom(images.Image{Properties: properties}).Server
}

func TestServerSpec_roundTripsThroughImageProperties(t *testing.T) {
	s := backup.ServerSpec{Flavor: "1", FlavorName: "m1.small", KeyName: "anna", Zone: "nova",
		Networks: []backup.ServerPortSpec{{ID: "n1", Groups: []string{"g1", "g2"}}, {ID: "n2"}},
		Metadata: map[string]string{"owner": "Zoë & Łukasz = 1", "cost center": strings.Repeat("日本", 40), "empty": ""}}
	require.Equal(t, s, *roundTrip(t, s))
	require.Nil(t, roundTrip(t, backup.ServerSpec{}), "an image without a server spec")
}

func TestServerSpec_omitsMetadataThatDoesNotFit(t *testing.T) {
	s := backup.ServerSpec{Flavor: "1", Metadata: map[string]string{}}
	for i := range 20 {
		s.Metadata[fmt.Sprintf("key-%02d", i)] = strings.Repeat("x", 250)
	}
	s.Metadata["later"] = "short"
	got := roundTrip(t, s).Metadata
	require.Len(t, got, 8)
	require.Equal(t, "short", got["later"])
	for key, value := range got {
		require.Equal(t, s.Metadata[key], value)
	}
}
