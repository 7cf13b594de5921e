package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// ServerSpec is the configuration of an instance at the time of its snapshot. It is sufficient to create an equivalent server
// if the instance no longer exists.
type ServerSpec struct {
	Flavor     string            `json:"flavor" doc:"id"`
	FlavorName string            `json:"flavor_name,omitempty"`
	Networks   []ServerPortSpec  `json:"networks,omitempty" doc:"networks of the ports, in the order of the ports"`
	KeyName    string            `json:"key_name,omitempty"`
	Zone       string            `json:"availability_zone,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty" doc:"the user's metadata; keys that do not fit into the image properties are omitted"`
}

// ServerPortSpec is the network and the security groups of a port of an instance.
type ServerPortSpec struct {
	ID     string   `json:"id"`
	Groups []string `json:"security_groups,omitempty" doc:"ids"`
}

const (
	flavorProperty     = "mcm_flavor"
	flavorNameProperty = "mcm_flavor_name"
	keyProperty        = "mcm_key_name"
	zoneProperty       = "mcm_availability_zone"
	networksProperty   = "mcm_networks"
	// networksPieces is the number of properties that hold the networks. An ID has 36 characters, a property at most 255.
	networksPieces   = 6
	metadataProperty = "mcm_metadata"
	metadataPieces   = 8
)

// properties returns the spec as image properties. It includes empty values, because an image inherits the properties of the
// image that its server was created from. Networks that do not fit are omitted; the user then selects networks at restore.
func (s ServerSpec) properties() map[string]string {
	m := map[string]string{flavorProperty: s.Flavor, flavorNameProperty: truncate(s.FlavorName), keyProperty: s.KeyName, zoneProperty: s.Zone}
	var words []string
	for _, n := range s.Networks {
		words = append(words, n.ID+":"+strings.Join(n.Groups, ","))
	}
	text := strings.Join(words, " ")
	if len(text) > networksPieces*maxProperty {
		text, m[flavorProperty] = "", ""
	}
	spread(m, networksProperty, networksPieces, text)
	spread(m, metadataProperty, metadataPieces, s.metadata())
	return m
}

// metadata returns the user's metadata URL-encoded, which is plain ASCII. Keys that exceed the size limit are omitted.
func (s ServerSpec) metadata() string {
	kept := url.Values{}
	for _, key := range slices.Sorted(maps.Keys(s.Metadata)) {
		kept.Set(key, s.Metadata[key])
		if len(kept.Encode()) > metadataPieces*maxProperty {
			kept.Del(key)
		}
	}
	return kept.Encode()
}

// spread splits a text over several properties, because a property holds at most maxProperty bytes.
func spread(properties map[string]string, name string, pieces int, text string) {
	for i := range pieces {
		piece := text[:min(len(text), maxProperty)]
		properties[pieceName(name, i)], text = piece, text[len(piece):]
	}
}

// gather joins the text that spread has split.
func gather(image images.Image, name string, pieces int) string {
	var text strings.Builder
	for i := range pieces {
		text.WriteString(property(image, pieceName(name, i)))
	}
	return text.String()
}

func pieceName(name string, i int) string {
	if i == 0 {
		return name
	}
	return fmt.Sprintf("%s_%d", name, i+1)
}

// specFrom reads the server spec from the properties of an image. It returns nil for images of versions that did not record it.
func specFrom(image images.Image) *ServerSpec {
	s := &ServerSpec{Flavor: property(image, flavorProperty), FlavorName: property(image, flavorNameProperty),
		KeyName: property(image, keyProperty), Zone: property(image, zoneProperty)}
	if s.Flavor == "" {
		return nil
	}
	if kept, err := url.ParseQuery(gather(image, metadataProperty, metadataPieces)); err == nil && len(kept) > 0 {
		s.Metadata = map[string]string{}
		for key := range kept {
			s.Metadata[key] = kept.Get(key)
		}
	}
	for word := range strings.FieldsSeq(gather(image, networksProperty, networksPieces)) {
		id, groups, _ := strings.Cut(word, ":")
		n := ServerPortSpec{ID: id}
		if groups != "" {
			n.Groups = strings.Split(groups, ",")
		}
		s.Networks = append(s.Networks, n)
	}
	return s
}

// IsVolumeBacked reports whether an image refers to volume snapshots instead of containing data. A server created from such an
// image boots from volumes, although Nova may report the image. IsVolumeBacked returns false if the image does not exist.
func IsVolumeBacked(ctx context.Context, s *openstack.Session, id string) (bool, error) {
	c, err := s.Image()
	if err != nil {
		return false, err
	}
	image, err := images.Get(ctx, c, id).Extract()
	if err = s.Fault("glance", err); err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return false, nil
		}
		return false, err
	}
	return len(BlockDevices(*image)) > 0, nil
}

// BlockDevice is a volume of a volume-backed server, as described by the block device mapping of the server's image.
type BlockDevice struct {
	Snapshot            string `json:"snapshot"`
	SizeGB              int    `json:"gib"`
	Boot                bool   `json:"boot"`
	DeleteOnTermination bool   `json:"delete_on_termination"` // Nova deletes the volume with its server
}

// BlockDevices returns the volumes of a server created from the image, boot volume first. It returns nil if the image contains
// the disk itself.
// https://docs.openstack.org/nova/latest/user/block-device-mapping.html
func BlockDevices(image images.Image) []BlockDevice {
	var devices []struct {
		Snapshot            string `json:"snapshot_id"`
		GiB                 int    `json:"volume_size"`
		Boot                *int   `json:"boot_index"`
		DeleteOnTermination bool   `json:"delete_on_termination"`
	}
	text := property(image, "block_device_mapping")
	if text == "" || json.Unmarshal([]byte(text), &devices) != nil {
		return nil
	}
	var out []BlockDevice
	for _, d := range devices {
		if d.Snapshot != "" {
			boot := d.Boot != nil && *d.Boot == 0
			out = append(out, BlockDevice{Snapshot: d.Snapshot, SizeGB: d.GiB, Boot: boot, DeleteOnTermination: d.DeleteOnTermination})
		}
	}
	slices.SortStableFunc(out, func(a, b BlockDevice) int {
		switch {
		case a.Boot && !b.Boot:
			return -1
		case b.Boot && !a.Boot:
			return 1
		}
		return 0
	})
	return out
}
