package backup

import (
	"context"
	"maps"
	"net/url"
	"strconv"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/platform/i18n"
)

// Properties of images that are backups. Nova copies the properties of an image to snapshots of servers created from it.
// Therefore an image is a complete backup only if its property mcm_self is its own ID.
const (
	kindProperty          = "mcm_kind"
	kindBackup            = "backup"
	selfProperty          = "mcm_self"
	planProperty          = "mcm_plan"
	planNameProperty      = "mcm_plan_name"
	instanceProperty      = "mcm_instance"
	nameProperty          = "mcm_instance_name"
	taskProperty          = "mcm_task"
	createdProperty       = "mcm_created_at"
	durationProperty      = "mcm_duration"
	consistencyProperty   = "mcm_consistency"
	sizeProperty          = "mcm_size"
	heldProperty          = "mcm_held"
	preRestoreProperty    = "mcm_pre_restore"
	verifiedProperty      = "mcm_verified_at"
	statusProperty        = "mcm_verify_status"
	detailProperty        = "mcm_verify_detail"
	restoreTestedProperty = "mcm_restore_tested_at"
)

// createdLayout includes milliseconds to distinguish backups created in the same second.
const createdLayout = "2006-01-02T15:04:05.000Z07:00"

// SnapshotMetadata is the metadata of a snapshot that is known before its image is complete.
type SnapshotMetadata struct {
	Plan         string
	PlanName     string
	Instance     string
	InstanceName string
	Task         string
	At           time.Time
	Consistency  Consistency
	PreRestore   bool
	Spec         ServerSpec
}

// Properties returns the properties that Nova sets on the image when it creates the snapshot.
func (t SnapshotMetadata) Properties() map[string]string {
	m := map[string]string{kindProperty: kindBackup, selfProperty: "", planProperty: t.Plan, planNameProperty: truncate(t.PlanName), instanceProperty: t.Instance,
		nameProperty: truncate(t.InstanceName), taskProperty: t.Task, createdProperty: t.At.UTC().Format(createdLayout), consistencyProperty: string(t.Consistency),
		heldProperty: "", verifiedProperty: "", statusProperty: "", detailProperty: "", restoreTestedProperty: "", preRestoreProperty: strconv.FormatBool(t.PreRestore)}
	maps.Copy(m, t.Spec.properties())
	return m
}

// maxProperty is the maximum length in bytes of a property value in Nova and Glance.
const maxProperty = 255

// truncate shortens text to maxProperty bytes without splitting a character.
func truncate(text string) string {
	for i := range text {
		if i > maxProperty-4 {
			return text[:i]
		}
	}
	return text
}

// encodeMessage returns the message as a property. A message that is too long is stored as its English text.
func encodeMessage(m i18n.Message) string {
	if raw, err := m.MarshalText(); err == nil && len(raw) <= maxProperty {
		return string(raw)
	}
	return truncate(m.String())
}

// Image is the Glance image of a snapshot.
type Image struct {
	Backup
	Complete bool // the image is active and its property mcm_self is its own ID
}

// Images lists the images of complete and incomplete backups, with one Glance request per page.
// https://docs.openstack.org/api-ref/image/v2/#list-images
func Images(ctx context.Context, s *openstack.Session) ([]Image, error) {
	return listImages(ctx, s, url.Values{kindProperty: {kindBackup}, "limit": {"1000"}})
}

// ImagesOf lists the images that a task has created of an instance. There is more than one only if the response to a create
// request was lost and the request was repeated.
func ImagesOf(ctx context.Context, s *openstack.Session, task, instance string) ([]Image, error) {
	return listImages(ctx, s, url.Values{taskProperty: {task}, instanceProperty: {instance}})
}

// kindQuery is a list filter by properties, which images.ListOpts of gophercloud does not support.
type kindQuery url.Values

// ToImageListQuery implements images.ListOptsBuilder.
func (q kindQuery) ToImageListQuery() (string, error) { return "?" + url.Values(q).Encode(), nil }

func listImages(ctx context.Context, s *openstack.Session, q url.Values) ([]Image, error) {
	c, err := s.Image()
	if err != nil {
		return nil, err
	}
	pages, err := images.List(c, kindQuery(q)).AllPages(ctx)
	if err != nil {
		return nil, s.Fault("glance", err)
	}
	all, err := images.ExtractImages(pages)
	if err != nil {
		return nil, s.Fault("glance", err)
	}
	out := []Image{}
	for _, image := range all {
		if property(image, kindProperty) == kindBackup {
			out = append(out, ImageFrom(image))
		}
	}
	return out, nil
}

func property(image images.Image, name string) string {
	value, _ := image.Properties[name].(string)
	return value
}

func messageProperty(image images.Image, name string) (m i18n.Message) {
	_ = m.UnmarshalText([]byte(property(image, name))) // any text is a message
	return m
}

// ImageFrom returns the backup that the properties of the image describe.
func ImageFrom(image images.Image) Image {
	b := Backup{ID: SnapshotID(image.ID), Image: image.ID, Method: Snapshot, Plan: property(image, planProperty), PlanName: property(image, planNameProperty),
		Instance: property(image, instanceProperty), InstanceName: property(image, nameProperty), Task: property(image, taskProperty),
		CreatedAt: parseTime(property(image, createdProperty), image.CreatedAt), Consistency: Consistency(property(image, consistencyProperty)),
		SizeBytes: image.SizeBytes, Checksum: image.Checksum, Held: property(image, heldProperty) == "true", PreRestore: property(image, preRestoreProperty) == "true",
		VerifyStatus: VerifyStatus(property(image, statusProperty)), VerifyDetail: messageProperty(image, detailProperty), Server: specFrom(image)}
	if size, err := strconv.ParseInt(property(image, sizeProperty), 10, 64); err == nil {
		b.SizeBytes = size
	}
	b.ChangedBytes = b.SizeBytes
	b.Duration, _ = strconv.ParseFloat(property(image, durationProperty), 64) // "" while the image is being created
	if b.VerifyStatus == "" {
		b.VerifyStatus = NeverVerified
	}
	b.VerifiedAt, b.RestoreTestedAt = parsePastTime(property(image, verifiedProperty)), parsePastTime(property(image, restoreTestedProperty))
	return Image{Backup: b, Complete: image.Status == images.ImageStatusActive && property(image, selfProperty) == image.ID}
}

func parseTime(text string, fallback time.Time) time.Time {
	if at := parsePastTime(text); at != nil {
		return *at
	}
	return fallback.UTC()
}

func parsePastTime(text string) *time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil
	}
	at = at.UTC()
	return &at
}

// ImageByID returns the backup with the given image ID, and its image. The error is a NotFound fault if the image does not exist
// or is not a backup.
func ImageByID(ctx context.Context, s *openstack.Session, id string) (Image, images.Image, error) {
	c, err := s.Image()
	if err != nil {
		return Image{}, images.Image{}, err
	}
	image, err := images.Get(ctx, c, id).Extract()
	if err != nil {
		return Image{}, images.Image{}, s.Fault("glance", err)
	}
	if property(*image, kindProperty) != kindBackup {
		return Image{}, images.Image{}, fault.New(fault.NotFound, nil, "there is no such backup")
	}
	return ImageFrom(*image), *image, nil
}

// UpdateProperties adds or replaces properties of a backup's image. It is idempotent.
// https://docs.openstack.org/api-ref/image/v2/#update-image
func UpdateProperties(ctx context.Context, s *openstack.Session, id string, properties map[string]string) error {
	c, err := s.Image()
	if err != nil {
		return err
	}
	_, known, err := ImageByID(ctx, s, id)
	if err != nil {
		return err
	}
	var patch images.UpdateOpts
	for name, value := range properties {
		op := images.AddOp
		if _, ok := known.Properties[name]; ok {
			op = images.ReplaceOp
		}
		patch = append(patch, images.UpdateImageProperty{Op: op, Name: name, Value: value})
	}
	_, err = images.Update(ctx, c, id, patch).Extract()
	return s.Fault("glance", err)
}

// CompletedProperties returns the properties that mark an image as a complete backup. size is in bytes.
func CompletedProperties(id string, size int64, took time.Duration) map[string]string {
	return map[string]string{selfProperty: id, sizeProperty: strconv.FormatInt(size, 10), durationProperty: strconv.FormatFloat(took.Seconds(), 'f', 1, 64)}
}

// HoldProperties returns the properties that set or remove the retention hold of a backup.
func HoldProperties(held bool) map[string]string {
	return map[string]string{heldProperty: strconv.FormatBool(held)}
}

// verificationProperties returns the properties that record the verification of a backup.
func verificationProperties(b Backup) map[string]string {
	m := map[string]string{statusProperty: string(b.VerifyStatus), detailProperty: encodeMessage(b.VerifyDetail)}
	if b.VerifiedAt != nil {
		m[verifiedProperty] = b.VerifiedAt.UTC().Format(time.RFC3339)
	}
	if b.RestoreTestedAt != nil {
		m[restoreTestedProperty] = b.RestoreTestedAt.UTC().Format(time.RFC3339)
	}
	return m
}

// VolumeSnapshots returns the IDs of the Cinder snapshots that the image of a volume-backed server refers to, and the total size
// of their volumes in bytes.
// https://docs.openstack.org/api-ref/compute/#create-image-createimage-action
func VolumeSnapshots(image images.Image) (ids []string, size int64) {
	for _, d := range BlockDevices(image) {
		ids, size = append(ids, d.Snapshot), size+int64(d.SizeGB)<<30
	}
	return ids, size
}
