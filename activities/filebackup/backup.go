package filebackup

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/backup/swiftproxy"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

// Tags that name the task and the plan of a snapshot.
const (
	taskTag = "mcm-task="
	planTag = "mcm-plan="
)

// BackUpFiles backs up the plan's directories of an instance: it validates the plan, connects to the instance, runs the
// engine, and writes the list of files and the record to the storage. It is idempotent by the task ID in the tags of the
// snapshot: a retry finds the snapshot. If only the post hook fails, the backup is kept and the activity fails.
func (a *Activities) BackUpFiles(ctx context.Context, in BackUpFilesInput) (backup.Backup, error) {
	if err := in.Plan.ValidateFiles(); err != nil {
		return backup.Backup{}, err
	}
	repo, err := a.open(ctx, target{instance: in.Instance, name: in.Name, host: ssh.Host{Address: in.Address, HostKey: in.HostKey},
		engineName: in.Plan.Soft.Engine, plan: in.Plan.ID, task: in.Task, limit: in.Plan.Soft.LimitKiB, access: swiftproxy.Append})
	if err != nil {
		return backup.Backup{}, err
	}
	defer repo.close()
	if err := repo.begin(ctx); err != nil {
		return backup.Backup{}, err
	}
	made, m, hookErr, err := a.makeSnapshot(ctx, repo, in)
	if err != nil {
		return backup.Backup{}, err
	}
	b, err := a.saveRecord(ctx, repo, record(in, repo, made, m))
	if err == nil {
		err = repo.cleanup(ctx, made)
	}
	return b, firstError(err, hookErr)
}

// makeSnapshot runs the engine, unless an earlier attempt of the task has completed the snapshot. hookErr is the error of a
// post hook that failed after a successful backup.
func (a *Activities) makeSnapshot(ctx context.Context, repo *repository, in BackUpFilesInput) (made snapshot, m measure, hookErr, err error) {
	list, _, err := repo.snapshots(ctx)
	if err != nil {
		return made, m, nil, err
	}
	made, found := tagged(list, taskTag+in.Task)
	if found {
		m, err = repo.stats(ctx, made)
		return made, m, nil, err
	}
	if err := a.adoptSnapshots(ctx, repo, in, list); err != nil {
		return made, m, nil, err
	}
	if m, hookErr, err = repo.runBackup(ctx, in); err != nil {
		return made, m, nil, err
	}
	if made, found, err = repo.findSnapshot(ctx, in, m); err == nil && !found {
		err = fault.New(fault.Internal, nil, "%s: the engine has created no backup", repo.name)
	}
	return made, m, hookErr, err
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
func (s *repository) runBackup(ctx context.Context, in BackUpFilesInput) (m measure, late, err error) {
	rules := in.Plan.Soft
	if err := s.prepare(ctx, in); err != nil {
		return m, nil, err
	}
	given := scriptInput{
		"directories": strings.Join(in.Plan.Directories, "\x00") + "\x00", "includes": includes(s, in.Plan.Directories),
		"excludes": fileLines(s.excludes(rules.Excludes)), "limit": strconv.Itoa(rules.LimitKiB),
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
	case o.engineCode == incomplete, o.engineCode == 0 && unread > 0:
		s.logMessage(tasklog.Warning, i18n.Messagef("some files could not be read: they are not in the backup"))
	case o.engineCode != 0:
		return m, nil, s.asFault(&commandResult{code: 1, stderr: o.stderr, busy: o.busy})
	}
	s.logMessage(tasklog.Info, i18n.Messagef("backed up in %s, %s new in the storage", m.duration.Round(time.Second), humanize.IBytes(uint64(max(0, m.changed)))))
	return m, after, nil
}

// hookResult returns the error of a failed hook, if the plan does not ignore it.
func (s *repository) hookResult(o *commandResult, name string, rules backup.FileOptions) error {
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
	s.logMessage(level, fault.MessageOf(err))
	if rules.OnHookError == backup.HookContinue {
		return nil
	}
	return err
}

func firstError(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
