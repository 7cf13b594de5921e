// Command csinode is the node half of the Cinder CSI driver for a node that has no block devices: a volume is a
// directory that lives as long as the node's volume directory does, mounted into the pod by a bind mount.
//
//	csinode -node NAME -kubelet /var/lib/kubelet -volumes DIR
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

const driver = "cinder.csi.openstack.org"

func main() {
	node := flag.String("node", "", "name of the node")
	kubelet := flag.String("kubelet", "/var/lib/kubelet", "root directory of the kubelet")
	volumes := flag.String("volumes", "", "directory of the volumes' content")
	flag.Parse()
	endpoint := filepath.Join(*kubelet, "plugins", driver, "csi.sock")
	s := grpc.NewServer()
	csi.RegisterIdentityServer(s, &identity{})
	csi.RegisterNodeServer(s, &plugin{node: *node, volumes: *volumes})
	r := grpc.NewServer()
	registration.RegisterRegistrationServer(r, &registrar{endpoint: endpoint})
	failed := make(chan error, 2)
	go func() { failed <- serve(s, endpoint) }()
	go func() { failed <- serve(r, filepath.Join(*kubelet, "plugins_registry", driver+"-reg.sock")) }()
	log.Fatal(<-failed)
}

func serve(s *grpc.Server, socket string) error {
	if err := os.MkdirAll(filepath.Dir(socket), 0o750); err != nil {
		return err
	}
	if err := os.RemoveAll(socket); err != nil {
		return err
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// registrar registers the driver with the kubelet.
type registrar struct {
	registration.UnimplementedRegistrationServer
	endpoint string
}

func (r *registrar) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{Type: registration.CSIPlugin, Name: driver, Endpoint: r.endpoint,
		SupportedVersions: []string{"1.0.0"}}, nil
}

func (r *registrar) NotifyRegistrationStatus(_ context.Context, s *registration.RegistrationStatus) (
	*registration.RegistrationStatusResponse, error) {
	if !s.PluginRegistered {
		log.Fatal("the kubelet refused the driver: ", s.Error)
	}
	return &registration.RegistrationStatusResponse{}, nil
}

type identity struct {
	csi.UnimplementedIdentityServer
}

func (*identity) GetPluginInfo(context.Context, *csi.GetPluginInfoRequest) (*csi.GetPluginInfoResponse, error) {
	return &csi.GetPluginInfoResponse{Name: driver, VendorVersion: "1.0.0"}, nil
}

func (*identity) GetPluginCapabilities(context.Context, *csi.GetPluginCapabilitiesRequest) (
	*csi.GetPluginCapabilitiesResponse, error) {
	return &csi.GetPluginCapabilitiesResponse{}, nil
}

func (*identity) Probe(context.Context, *csi.ProbeRequest) (*csi.ProbeResponse, error) {
	return &csi.ProbeResponse{}, nil
}

// plugin mounts volumes.
type plugin struct {
	csi.UnimplementedNodeServer
	node, volumes string
}

func (p *plugin) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: p.node}, nil
}

func (p *plugin) NodeGetCapabilities(context.Context, *csi.NodeGetCapabilitiesRequest) (
	*csi.NodeGetCapabilitiesResponse, error) {
	return &csi.NodeGetCapabilitiesResponse{}, nil
}

// NodePublishVolume mounts the volume's directory. It is idempotent.
func (p *plugin) NodePublishVolume(_ context.Context, in *csi.NodePublishVolumeRequest) (
	*csi.NodePublishVolumeResponse, error) {
	content, target := filepath.Join(p.volumes, filepath.Base(in.VolumeId)), in.TargetPath
	for _, dir := range []string{content, target} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
	}
	if mounted(target) {
		return &csi.NodePublishVolumeResponse{}, nil
	}
	if err := unix.Mount(content, target, "", unix.MS_BIND, ""); err != nil {
		return nil, status.Error(codes.Internal, fmt.Sprintf("mounting %s: %v", in.VolumeId, err))
	}
	if in.Readonly {
		if err := unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

// NodeUnpublishVolume removes the mount. It is idempotent: a missing mount is a success.
func (p *plugin) NodeUnpublishVolume(_ context.Context, in *csi.NodeUnpublishVolumeRequest) (
	*csi.NodeUnpublishVolumeResponse, error) {
	if mounted(in.TargetPath) {
		if err := unix.Unmount(in.TargetPath, 0); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
	}
	if err := os.Remove(in.TargetPath); err != nil && !os.IsNotExist(err) {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}

// mounted reports whether a directory is a mount point.
func mounted(dir string) bool {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	return containsMount(string(mounts), dir)
}
