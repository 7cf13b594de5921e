package api

import (
	"context"
	"time"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/operation"
)

const (
	planID   = "01980000-0000-7000-8000-000000000001"
	backupID = "s-6f6f0c5e-0000-4000-8000-0000000000aa"
	// Of an instance that is gone, from before it was kept what it was like.
	goneID       = "6f6f0c5e-0000-4000-8000-000000000003"
	goneBackupID = "s-6f6f0c5e-0000-4000-8000-0000000000bb"
	planBody     = `{"name":"nightly","instances":["` + enrolledID + `"],"method":"snapshot","schedule":{"frequency":"daily","time":"02:30","time_zone":"Europe/Paris"},"retention":{"keep_last":3,"daily":0,"weekly":0,"monthly":0}}`
)

// calendar holds one plan.
type calendar struct {
	err     error
	changed int
	age     time.Duration // of the plan
}

func (c *calendar) plan() backup.Planned {
	return backup.Planned{Plan: backup.Plan{ID: planID, Name: "nightly", Instances: []string{enrolledID}, Method: backup.Snapshot, Directories: []string{},
		Schedule: backup.When{Frequency: backup.Daily, Time: "02:30", TimeZone: "Europe/Paris"}, CatchUp: 3600, Retention: backup.Retention{Last: 3},
		Author: operation.Actor{ID: "u1", Name: "anna"}, CreatedAt: time.Now().UTC().Add(-c.age)}, ETag: `"p1"`}
}

func (c *calendar) Create(_ context.Context, p backup.Plan) (backup.Planned, error) {
	c.changed++
	return backup.Planned{Plan: p, ETag: `"p1"`}, c.err
}

func (c *calendar) Get(_ context.Context, id string) (backup.Planned, error) {
	if id != planID {
		return backup.Planned{}, fault.New(fault.NotFound, nil, "there is no such plan")
	}
	return c.plan(), c.err
}

func (c *calendar) List(context.Context, string, int) ([]backup.Planned, bool, error) {
	return []backup.Planned{c.plan()}, false, c.err
}

func (c *calendar) Replace(_ context.Context, p backup.Plan, etag string) (backup.Planned, error) {
	if etag != "" && etag != `"p1"` {
		return backup.Planned{}, &backup.Stale{}
	}
	c.changed++
	return backup.Planned{Plan: p, ETag: `"p2"`}, c.err
}

func (c *calendar) Pause(ctx context.Context, id, note string) (backup.Planned, error) {
	p, err := c.Get(ctx, id)
	p.Paused, p.Note = true, note
	return p, err
}

func (c *calendar) Resume(ctx context.Context, id string) (backup.Planned, error) {
	return c.Get(ctx, id)
}

func (c *calendar) Seen(context.Context) (map[string]backup.Seen, error) {
	return map[string]backup.Seen{planID: {Missed: 2}}, c.err
}

func (c *calendar) Delete(_ context.Context, id string) error {
	c.changed++
	return c.err
}

// vault holds one snapshot of the instance that is enrolled, and knows one of an instance that is gone.
type vault struct {
	err  error
	held int
	age  time.Duration // of the snapshot
}

func (v *vault) List(context.Context) ([]backup.Backup, error) {
	return []backup.Backup{{ID: backupID, Image: backup.ImageOf(backupID), Instance: enrolledID, InstanceName: "web-1", Plan: planID, PlanName: "nightly",
		Method: backup.Snapshot, CreatedAt: time.Now().UTC().Add(-v.age), Consistency: backup.Cold, VerifyStatus: backup.NeverVerified}}, v.err
}

func (v *vault) Get(ctx context.Context, id string) (backup.Backup, error) {
	list, err := v.List(ctx)
	if id == goneBackupID {
		return backup.Backup{ID: id, Image: backup.ImageOf(id), Instance: goneID, InstanceName: "old-1", Method: backup.Snapshot}, err
	}
	if err == nil && id != backupID {
		return backup.Backup{}, fault.New(fault.NotFound, nil, "there is no such backup")
	}
	return list[0], err
}

func (v *vault) Hold(context.Context, backup.Backup, bool) error {
	v.held++
	return v.err
}

func (v *vault) Files(context.Context, string, string, string, int, string) (backup.FilesPage, error) {
	return backup.FilesPage{Items: []backup.Entry{{Path: "/data/a", Type: backup.EntryFile}}}, v.err
}

// channels are one, whose last notice was not taken.
type channels struct{ err error }

func (c *channels) Channels(context.Context) ([]notification.Recipient, error) {
	return []notification.Recipient{{Channel: notification.Channel{ID: "mail", Kind: notification.Mail, To: "ops@example.org"},
		Last: &notification.Delivery{Status: notification.GivenUp, Why: "the webhook answers 503", At: time.Now().UTC(), Kind: notification.Failed, Plan: "nightly"}}}, c.err
}
