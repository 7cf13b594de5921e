package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/volumeattach"
	"k8s.io/apimachinery/pkg/util/wait"
)

// cloud attaches and detaches volumes.
type cloud struct {
	compute, volume *gophercloud.ServiceClient
}

// cloudFromEnv signs in with the OS_* variables; nil when there are none.
func cloudFromEnv(ctx context.Context) (*cloud, error) {
	url := os.Getenv("OS_AUTH_URL")
	if url == "" {
		return nil, nil
	}
	provider, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{
		IdentityEndpoint: url, Username: os.Getenv("OS_USERNAME"), Password: os.Getenv("OS_PASSWORD"),
		DomainName: os.Getenv("OS_USER_DOMAIN_NAME"), AllowReauth: true,
		Scope: &gophercloud.AuthScope{ProjectName: os.Getenv("OS_PROJECT_NAME"),
			DomainName: os.Getenv("OS_PROJECT_DOMAIN_NAME")},
	})
	if err != nil {
		return nil, err
	}
	region := gophercloud.EndpointOpts{Region: os.Getenv("OS_REGION_NAME")}
	var c cloud
	if c.compute, err = openstack.NewComputeV2(provider, region); err != nil {
		return nil, err
	}
	c.volume, err = openstack.NewBlockStorageV3(provider, region)
	return &c, err
}

// attach attaches the volume and waits until Cinder reports it. It is idempotent.
func (c *cloud) attach(ctx context.Context, server, volume string) error {
	v, err := volumes.Get(ctx, c.volume, volume).Extract()
	if err != nil {
		return err
	}
	if !attachedTo(v, server) {
		_, err = volumeattach.Create(ctx, c.compute, server, volumeattach.CreateOpts{VolumeID: volume}).Extract()
		if err != nil {
			return err
		}
	}
	return c.await(ctx, volume, func(v *volumes.Volume) bool { return attachedTo(v, server) })
}

// detach detaches the volume. It is idempotent: a missing volume or server is a success.
func (c *cloud) detach(ctx context.Context, server, volume string) error {
	v, err := volumes.Get(ctx, c.volume, volume).Extract()
	if gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !attachedTo(v, server) {
		return nil
	}
	err = volumeattach.Delete(ctx, c.compute, server, volume).ExtractErr()
	if err != nil && !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		return err
	}
	return c.await(ctx, volume, func(v *volumes.Volume) bool { return !attachedTo(v, server) })
}

func (c *cloud) await(ctx context.Context, volume string, done func(*volumes.Volume) bool) error {
	var status string
	err := wait.PollUntilContextTimeout(ctx, 300*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		v, err := volumes.Get(ctx, c.volume, volume).Extract()
		if err != nil {
			return false, err
		}
		status = v.Status
		return done(v), nil
	})
	if err != nil {
		return fmt.Errorf("volume %s is %s: %w", volume, status, err)
	}
	return nil
}

func attachedTo(v *volumes.Volume, server string) bool {
	for _, a := range v.Attachments {
		if a.ServerID == server && v.Status == "in-use" {
			return true
		}
	}
	return false
}
