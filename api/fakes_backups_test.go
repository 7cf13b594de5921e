package api

import (
	"context"
	"time"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

const (
	planID   = "01980000-0000-7000-8000-000000000001"
	backupID = "s-6f6f0c5e-0000-4000-8000-0000000000aa"
	// A deleted instance with a backup that has no server spec.
	deletedID       = "6f6f0c5e-0000-4000-8000-000000000003"
	deletedBackupID = "s-6f6f0c5e-0000-4000-8000-0000000000bb"
	planBody        = `{"name":"nightly","instances":["` + enrolledID + `"],"method":"snapshot","schedule":{"frequency":"daily","time":"02:30","time_zone":"Europe/Paris"},"retention":{"keep_last":3,"daily":0,"weekly":0,"monthly":0}}`
)

// fakePlans stores one plan.
type fakePlans struct {
	err     error
	changed int
	age     time.Duration // of the plan
}

func (c *fakePlans) plan() backup.PlanStatus {
	return backup.PlanStatus{Plan: backup.Plan{ID: planID, Name: "nightly", Instances: []string{enrolledID}, Method: backup.Snapshot, Directories: []string{},
		Schedule: backup.Schedule{Frequency: backup.Daily, Time: "02:30", TimeZone: "Europe/Paris"}, CatchUp: 3600, Retention: backup.Retention{Last: 3},
		Author: operation.Actor{ID: "u1", Name: "anna"}, CreatedAt: time.Now().UTC().Add(-c.age)}, ETag: `"p1"`}
}

func (c *fakePlans) Create(_ context.Context, p backup.Plan) (backup.PlanStatus, error) {
	c.changed++
	return backup.PlanStatus{Plan: p, ETag: `"p1"`}, c.err
}

func (c *fakePlans) Get(_ context.Context, id string) (backup.PlanStatus, error) {
	if id != planID {
		return backup.PlanStatus{}, fault.New(fault.NotFound, nil, "there is no such plan")
	}
	return c.plan(), c.err
}

func (c *fakePlans) List(context.Context, string, int) ([]backup.PlanStatus, bool, error) {
	return []backup.PlanStatus{c.plan()}, false, c.err
}

func (c *fakePlans) Replace(_ context.Context, p backup.Plan, etag string) (backup.PlanStatus, error) {
	if etag != "" && etag != `"p1"` {
		return backup.PlanStatus{}, &backup.ErrPreconditionFailed{}
	}
	c.changed++
	return backup.PlanStatus{Plan: p, ETag: `"p2"`}, c.err
}

func (c *fakePlans) Pause(ctx context.Context, id, note string) (backup.PlanStatus, error) {
	p, err := c.Get(ctx, id)
	p.Paused, p.Note = true, note
	return p, err
}

func (c *fakePlans) Resume(ctx context.Context, id string) (backup.PlanStatus, error) {
	return c.Get(ctx, id)
}

func (c *fakePlans) Observation(context.Context) (map[string]backup.PlanObservation, error) {
	return map[string]backup.PlanObservation{planID: {Missed: 2}}, c.err
}

func (c *fakePlans) Delete(_ context.Context, id string) error {
	c.changed++
	return c.err
}

// fakeBackups lists one snapshot of the enrolled instance, and returns another one of a deleted instance by ID.
type fakeBackups struct {
	err  error
	held int
	age  time.Duration // of the snapshot
}

func (v *fakeBackups) List(context.Context) ([]backup.Backup, error) {
	return []backup.Backup{{ID: backupID, Image: backup.ImageOf(backupID), Instance: enrolledID, InstanceName: "web-1", Plan: planID, PlanName: "nightly",
		Method: backup.Snapshot, CreatedAt: time.Now().UTC().Add(-v.age), Consistency: backup.Cold, VerifyStatus: backup.NeverVerified,
		VerifyDetail: i18n.Messagef("%s is %s", "image", "ACTIVE")}}, v.err
}

func (v *fakeBackups) Get(ctx context.Context, id string) (backup.Backup, error) {
	list, err := v.List(ctx)
	if id == deletedBackupID {
		return backup.Backup{ID: id, Image: backup.ImageOf(id), Instance: deletedID, InstanceName: "old-1", Method: backup.Snapshot}, err
	}
	if err == nil && id != backupID {
		return backup.Backup{}, fault.New(fault.NotFound, nil, "there is no such backup")
	}
	return list[0], err
}

func (v *fakeBackups) Hold(context.Context, backup.Backup, bool) error {
	v.held++
	return v.err
}

func (v *fakeBackups) Files(context.Context, string, string, string, int, string) (backup.FilesPage, error) {
	return backup.FilesPage{Items: []backup.FileEntry{{Path: "/data/a", Type: backup.EntryFile}}}, v.err
}

// fakeNotifications has one channel, whose last delivery failed.
type fakeNotifications struct{ err error }

func (c *fakeNotifications) Channels(context.Context) ([]notification.ChannelStatus, error) {
	return []notification.ChannelStatus{{Channel: notification.Channel{ID: "mail", Kind: notification.Mail, Address: "ops@example.org"},
		Last: &notification.Delivery{Status: notification.DeliveryFailed, Reason: i18n.Messagef("the webhook responds %d", 503), AttemptedAt: time.Now().UTC(), Kind: notification.Failed, PlanName: "nightly"}}}, c.err
}
