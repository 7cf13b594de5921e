package filebackup

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/backup/swiftproxy"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/tasklog"
)

// Tags that name the task and the plan of a snapshot.
const (
	taskTag = "mcm-task="
	planTag = "mcm-plan="
)

// BackUpFiles backs up the plan's directories of an instance. It is idempotent by the task ID in the tags of the snapshot:
// a retry finds the snapshot. If only the post hook fails, the backup is kept and the activity fails.
func (a *Activities) BackUpFiles(ctx context.Context, in BackUpFilesInput) (backup.Backup, error) {
	if err := check(in.Plan); err != nil {
		return backup.Backup{}, err
	}
	s, err := a.openSession(ctx, engineTarget{repository: in.Instance, name: in.Name, host: ssh.Host{Address: in.Address, HostKey: in.HostKey},
		engine: in.Plan.Soft.Engine, plan: in.Plan.ID, task: in.Task, limit: in.Plan.Soft.LimitKiB, right: swiftproxy.Append})
	if err != nil {
		return backup.Backup{}, err
	}
	defer s.close()
	if err := s.begin(ctx); err != nil {
		return backup.Backup{}, err
	}
	list, _, err := s.engine.snapshots(ctx, s)
	if err != nil {
		return backup.Backup{}, err
	}
	made, found := tagged(list, taskTag+in.Task)
	var m measure
	var late error
	if !found {
		if err := a.adoptBackup(ctx, s, in, list); err != nil {
			return backup.Backup{}, err
		}
		if m, late, err = s.runBackup(ctx, in); err != nil {
			return backup.Backup{}, err
		}
		if made, found, err = s.engine.findSnapshot(ctx, s, in, m); err != nil || !found {
			return backup.Backup{}, firstError(err, fault.New(fault.Internal, nil, "%s: the engine has created no backup", s.name))
		}
	} else if m, err = s.engine.stats(ctx, s, made); err != nil {
		return backup.Backup{}, err
	}
	b, err := a.saveRecord(ctx, s, record(in, s, made, m))
	if err == nil {
		err = s.engine.cleanup(ctx, s, made)
	}
	return b, firstError(err, late)
}

// saveRecord writes the list of files of a backup, and then its record.
func (a *Activities) saveRecord(ctx context.Context, s *engineSession, b backup.Backup) (backup.Backup, error) {
	held, err := a.index(ctx, s, b)
	if err != nil {
		return backup.Backup{}, err
	}
	b.FileCount, b.SizeBytes = held.files, held.bytes
	if err := a.Records.Put(ctx, b); err != nil {
		return backup.Backup{}, err
	}
	return b, nil
}

// adoptBackup writes missing records of snapshots whose tasks were interrupted. Each becomes a backup of the plan and the
// task in its tags, so that no snapshot stays without a record.
func (a *Activities) adoptBackup(ctx context.Context, s *engineSession, in BackUpFilesInput, list []snapshot) error {
	records, err := a.Records.List(ctx, in.Instance)
	if err != nil {
		return err
	}
	for _, have := range list {
		task, ours := tagOf(have, taskTag)
		if !ours || slices.ContainsFunc(records, func(b backup.Backup) bool { return b.Snapshot == have.ID }) {
			continue
		}
		m, err := s.engine.stats(ctx, s, have)
		if err != nil {
			return err
		}
		of := in
		of.Task, of.Plan.Directories = task, have.Paths
		if id, _ := tagOf(have, planTag); id != in.Plan.ID {
			of.Plan.ID, of.Plan.Name = id, ""
		}
		b, err := a.saveRecord(ctx, s, record(of, s, have, m))
		if fault.KindOf(err) == fault.NotFound { // deleted meanwhile
			continue
		}
		if err != nil {
			return err
		}
		s.logLine(tasklog.Info, "", fmt.Sprintf("the backup of %s is complete although its task was interrupted: it is now listed", b.CreatedAt.Format("2006-01-02 15:04:05")))
	}
	return nil
}

func firstError(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// check rejects values that cannot be passed to an engine line by line.
func check(p backup.Plan) error {
	if len(p.Directories) == 0 {
		return fault.InvalidField("directories", "name at least one directory")
	}
	for _, d := range p.Directories {
		if !path.IsAbs(d) || strings.ContainsAny(d, "\n\x00") {
			return fault.InvalidField("directories", "%q is not an absolute path", d)
		}
	}
	for _, e := range p.Soft.Excludes {
		if strings.ContainsAny(e, "\n\x00") {
			return fault.InvalidField("soft.excludes", "%q has a line break", e)
		}
	}
	return nil
}

// begin installs the engine, creates the repository if necessary, and removes the lock of an interrupted attempt.
func (s *engineSession) begin(ctx context.Context) error {
	if _, err := s.mustRun(ctx, "prepare", nil, nil); err != nil {
		return err
	}
	exists := "yes"
	if !s.exists {
		exists = "no"
	} else if !s.lock {
		return nil
	}
	_, err := s.mustRun(ctx, "begin", scriptInput{"exists": exists}, nil)
	s.exists = s.exists || err == nil
	return err
}

// find returns the snapshot with a tag.
func (s *engineSession) find(ctx context.Context, tag string) (snapshot, bool, error) {
	list, _, err := s.engine.snapshots(ctx, s)
	made, found := tagged(list, tag)
	return made, found, err
}

func tagged(list []snapshot, tag string) (snapshot, bool) {
	at := slices.IndexFunc(list, func(have snapshot) bool { return slices.Contains(have.Tags, tag) })
	if at < 0 {
		return snapshot{}, false
	}
	return list[at], true
}

// tagOf returns the value of the tag of that kind.
func tagOf(have snapshot, kind string) (string, bool) {
	for _, tag := range have.Tags {
		if value, ok := strings.CutPrefix(tag, kind); ok {
			return value, true
		}
	}
	return "", false
}

// measure holds the figures of one run of the engine.
type measure struct {
	changed  int64
	duration time.Duration
	began    time.Time // by the instance's clock; zero if unknown
	snapshot string    // ID of the engine; "" if unknown
}

// incomplete is the exit code of restic, and of the script for duplicity, if some files could not be read. The backup
// contains all other files.
const incomplete = 3

// runBackup runs the engine between the plan's hooks. late is the error of a post hook that failed after a successful
// backup.
func (s *engineSession) runBackup(ctx context.Context, in BackUpFilesInput) (m measure, late, err error) {
	rules := in.Plan.Soft
	if err := s.engine.prepare(ctx, s, in); err != nil {
		return m, nil, err
	}
	given := scriptInput{
		"directories": strings.Join(in.Plan.Directories, "\x00") + "\x00", "includes": includes(s.engine, in.Plan.Directories),
		"excludes": fileLines(s.engine.excludes(rules.Excludes)), "limit": strconv.Itoa(rules.LimitKiB),
		"tags": fileLines([]string{"mcm", taskTag + in.Task, planTag + in.Plan.ID}), "pre_hook": rules.PreHook, "post_hook": rules.PostHook, "rule": string(rules.OnHookError),
	}
	start, report, unread, name := time.Now(), s.progressReporter(ctx), int64(0), ""
	quiet := s.reportStored(ctx)
	o, err := s.run(ctx, "backup", given, func(e event) {
		unread += e.unread
		if e.summary != nil {
			name = e.summary.snapshot
		}
		if e.progress != nil {
			quiet()
			report(*e.progress)
		}
	})
	quiet()
	if err != nil {
		return m, nil, err
	}
	m = measure{changed: s.proxy.BytesUploaded(), duration: time.Since(start), began: o.began, snapshot: name}
	before, after := s.hookResult(o, "pre_hook", rules), s.hookResult(o, "post_hook", rules)
	switch {
	case before != nil:
		return m, nil, before
	case o.engine == incomplete, o.engine == 0 && unread > 0:
		s.logLine(tasklog.Warning, "", "some files could not be read: they are not in the backup")
	case o.engine != 0:
		return m, nil, s.asFault(&commandResult{code: 1, stderr: o.stderr, busy: o.busy})
	}
	s.logLine(tasklog.Info, "", fmt.Sprintf("backed up in %s, %s new in the storage", m.duration.Round(time.Second), humanize.IBytes(uint64(max(0, m.changed)))))
	return m, after, nil
}

// hookResult returns the error of a failed hook, if the plan does not ignore it.
func (s *engineSession) hookResult(o *commandResult, name string, rules backup.FileOptions) error {
	code, ran := o.hooks[name]
	if !ran || code == 0 {
		return nil
	}
	err := fault.New(fault.Invalid, nil, "%s: the command before the backup failed with code %d", s.name, code)
	if name == "post_hook" {
		err = fault.New(fault.Invalid, nil, "%s: the backup was made, but the command after it failed with code %d", s.name, code)
	}
	level := tasklog.Error
	if rules.OnHookError == backup.HookContinue {
		level = tasklog.Warning
	}
	s.logLine(level, "", fault.MessageOf(err))
	if rules.OnHookError == backup.HookContinue {
		return nil
	}
	return err
}

// progressReporter reports the progress of the engine to the task, and logs it at each tenth.
func (s *engineSession) progressReporter(ctx context.Context) func(progress) {
	tenth, last := 0, time.Time{}
	return func(p progress) {
		text := strconv.Itoa(int(p.part*100)) + " %, " + humanize.IBytes(uint64(max(0, p.bytes))) // needs no translation
		if time.Since(last) >= time.Second {
			last = time.Now()
			operation.ReportProgress(ctx, text)
		}
		if now := int(p.part * 10); now > tenth {
			tenth = now
			s.logLine(tasklog.Info, "", text)
		}
	}
}

// reportStored reports the uploaded bytes to the task, until quiet is called: the progress of the engine itself is more
// accurate.
func (s *engineSession) reportStored(ctx context.Context) (quiet func()) {
	return throttled(ctx, func() string {
		return fmt.Sprintf("%s uploaded to the storage", humanize.IBytes(uint64(max(0, s.proxy.BytesUploaded()))))
	})
}

// throttled reports the text to the task once a second, until quiet is called.
func throttled(ctx context.Context, text func() string) (quiet func()) {
	reporting, quiet := context.WithCancel(ctx)
	go func() {
		for {
			select {
			case <-reporting.Done():
				return
			case <-time.After(time.Second):
				operation.ReportProgress(ctx, text())
			}
		}
	}()
	return quiet
}

// record returns the record of a backup.
func record(in BackUpFilesInput, s *engineSession, made snapshot, m measure) backup.Backup {
	_, name, _ := engineOf(s.engineTarget.engine)
	return backup.Backup{
		ID: backup.FileBackupID(in.Instance, made.ID), Instance: in.Instance, InstanceName: in.Name, Plan: in.Plan.ID, PlanName: in.Plan.Name, Task: in.Task,
		Method: backup.FileLevel, Engine: name, Directories: in.Plan.Directories, CreatedAt: made.Time.UTC(), ChangedBytes: m.changed,
		Duration: m.duration.Seconds(), Consistency: backup.FileConsistency, VerifyStatus: backup.NeverVerified, Container: s.container, Snapshot: made.ID, Parent: made.Parent,
	}
}

// index writes the list of the backup's files and counts them.
func (a *Activities) index(ctx context.Context, s *engineSession, b backup.Backup) (held expectation, err error) {
	list, err := a.Records.NewIndex(ctx, b.ID)
	if err != nil {
		return held, err
	}
	err = s.engine.list(ctx, s, b, func(e backup.FileEntry) error {
		held.count(e)
		return list.Add(e)
	})
	if err != nil {
		list.Abort()
		return held, err
	}
	return held, list.Close()
}

// listed calls each for every entry that the engine lists.
func (s *engineSession) listed(ctx context.Context, given scriptInput, each func(backup.FileEntry) error) error {
	var failed error
	_, err := s.mustRun(ctx, "list", given, func(e event) {
		if e.entry != nil && failed == nil {
			failed = each(*e.entry)
		}
	})
	return firstError(err, failed)
}

// fileLines encodes a list for the script.
func fileLines(list []string) string {
	var b strings.Builder
	for _, l := range list {
		b.WriteString(l + "\n")
	}
	return b.String()
}
