package glance

import (
	"context"
	"crypto/md5" //nolint:gosec // the checksum that every Glance stores
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/imagedata"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// VerifyImageInput names an image backup.
type VerifyImageInput struct{ Image string }

// VerifyImage reads the whole image and compares it with the checksum that Glance stored with it. For an image of volume
// snapshots, it checks their status. It is a read.
func (a *Activities) VerifyImage(ctx context.Context, in VerifyImageInput) (backup.VerificationResult, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return backup.VerificationResult{}, err
	}
	_, image, err := backup.ImageByID(ctx, s, in.Image)
	if err != nil {
		return backup.VerificationResult{}, err
	}
	return a.inspectData(ctx, s, c, image)
}

func (a *Activities) inspectData(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, image images.Image) (backup.VerificationResult, error) {
	if image.Status != images.ImageStatusActive {
		return backup.VerificationResult{Detail: i18n.Messagef("the image is %s", image.Status)}, nil
	}
	if ids, _ := backup.VolumeSnapshots(image); len(ids) > 0 {
		whole, said, err := a.whole(ctx, s, image)
		if kind := fault.KindOf(err); kind == fault.NotFound || kind == fault.Invalid {
			return backup.VerificationResult{Detail: fault.MessageOf(err)}, nil
		}
		return backup.VerificationResult{OK: whole, Detail: said}, err
	}
	data, err := imagedata.Download(ctx, c, image.ID).Extract()
	if err != nil {
		return backup.VerificationResult{}, s.Fault("glance", err)
	}
	defer data.Close() //nolint:errcheck // the data was only read
	sum, want := checksum(image)
	read, err := io.Copy(sum, &progressReader{ctx: ctx, r: data, of: image.SizeBytes})
	if err != nil {
		return backup.VerificationResult{}, s.Fault("glance", err)
	}
	got := hex.EncodeToString(sum.Sum(nil))
	switch {
	case read != image.SizeBytes:
		return backup.VerificationResult{Detail: i18n.Messagef("the image has %d bytes of %d", read, image.SizeBytes)}, nil
	case got != want:
		return backup.VerificationResult{Detail: i18n.Messagef("the checksum of the image differs from the stored one")}, nil
	}
	return backup.VerificationResult{OK: true}, nil
}

// checksum returns the strongest checksum that Glance stores for the image.
// https://docs.openstack.org/glance/latest/user/os_hash_algo.html
func checksum(image images.Image) (hash.Hash, string) {
	algorithm, _ := image.Properties["os_hash_algo"].(string)
	value, _ := image.Properties["os_hash_value"].(string)
	switch {
	case algorithm == "sha512" && value != "":
		return sha512.New(), value
	case algorithm == "sha256" && value != "":
		return sha256.New(), value
	}
	return md5.New(), image.Checksum //nolint:gosec // the only one available
}

// progressReader reports the progress of reading.
type progressReader struct {
	ctx  context.Context
	r    io.Reader
	of   int64
	read int64
	at   time.Time
}

func (t *progressReader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.read += int64(n)
	if time.Since(t.at) > time.Second && t.of > 0 {
		t.at = time.Now()
		operation.ReportProgress(t.ctx, i18n.Messagef("%d %% of %d MiB", t.read*100/t.of, t.of>>20))
	}
	return n, err
}
