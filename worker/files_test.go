package worker_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ncw/swift/v2"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"

	"mycloudmanager/activities/filebackup"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/worker"
	"mycloudmanager/workflows"
)

// fileBackupEnv is a test environment with an enrolled instance and the activities of file backups.
type fileBackupEnv struct {
	*testEnv
	*filebackup.Activities
	in workflows.EnrollInstanceInput
}

func newFileBackupEnv(t *testing.T) *fileBackupEnv {
	t.Helper()
	h := newTestEnv(t)
	h.run(t, workflows.DeployStack, small(h))
	in := h.enrollment(t, "web-1")
	h.run(t, workflows.EnrollInstance, in)
	p := h.parts
	return &fileBackupEnv{testEnv: h, in: in, Activities: &filebackup.Activities{Cloud: p.Cloud, SSH: p.Instances, Records: p.Records, Log: p.Log, Key: p.BackupKey, Scripts: p.Engines, PollInterval: p.PollInterval}}
}

func (s *fileBackupEnv) input(task string, rules backup.FileOptions) filebackup.BackUpFilesInput {
	return filebackup.BackUpFilesInput{Instance: s.in.ID, Name: "web-1", Address: s.in.SourceIP, HostKey: s.in.HostKey, Task: task,
		Plan: backup.Plan{ID: "nightly", Name: "Nightly", Directories: []string{"/data", "/config"}, Soft: rules}}
}

// files returns the hashes of the files in a directory of the simulated server.
func (s *fileBackupEnv) files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := filepath.Join(s.cloud.Dir, "blobs", "disk-"+s.in.ID)
	require.NoError(t, filepath.WalkDir(root+dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.HasSuffix(name, "/.mcm-restore") {
			return err
		}
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		info, err := e.Info()
		require.NoError(t, err)
		out[strings.TrimPrefix(name, root+dir)] = fmt.Sprintf("%s %d %x", info.Mode(), info.ModTime().UnixNano(), raw)
		return nil
	}))
	return out
}

// objects returns the object names in the instance's repository.
func (s *fileBackupEnv) objects(t *testing.T, below string) []string {
	t.Helper()
	store, err := s.Cloud.Objects(t.Context())
	require.NoError(t, err)
	names, err := store.ObjectNamesAll(t.Context(), backup.ContainerOf(s.in.ID, backup.Restic), &swift.ObjectsOpts{Prefix: below})
	if !errors.Is(err, swift.ContainerNotFound) {
		require.NoError(t, err)
	}
	return names
}

func (s *fileBackupEnv) restore(t *testing.T, b backup.Backup, target string, paths ...string) (filebackup.RestoreFilesResult, error) {
	return s.RestoreFiles(t.Context(), filebackup.RestoreFilesInput{Backup: b, Instance: s.in.ID, Name: "web-1", Address: s.in.SourceIP, HostKey: s.in.HostKey,
		Paths: paths, Target: target, Task: "restore~" + target})
}

func TestBackUpFiles_restore(t *testing.T) {
	s := newFileBackupEnv(t)
	one, err := s.BackUpFiles(t.Context(), s.input("backup:nightly~1", backup.FileOptions{}))
	require.NoError(t, err)
	require.Equal(t, backup.Backup{ID: backup.FileBackupID(s.in.ID, one.Snapshot), Instance: s.in.ID, InstanceName: "web-1", Plan: "nightly", PlanName: "Nightly",
		Task: "backup:nightly~1", Method: backup.FileLevel, Engine: backup.Restic, Directories: []string{"/data", "/config"}, CreatedAt: one.CreatedAt,
		SizeBytes: one.SizeBytes, FileCount: one.FileCount, ChangedBytes: one.ChangedBytes, Duration: one.Duration, Consistency: backup.FileConsistency, VerifyStatus: backup.NeverVerified,
		Container: "mcm-files-" + s.in.ID, Snapshot: one.Snapshot}, one)
	require.Greater(t, one.SizeBytes, int64(1<<20))
	require.Positive(t, one.FileCount)
	require.Greater(t, one.ChangedBytes, int64(1<<19))
	require.Positive(t, one.Duration)
	require.WithinDuration(t, time.Now(), one.CreatedAt, time.Minute)
	data := s.files(t, "/data")

	again, err := s.BackUpFiles(t.Context(), s.input("backup:nightly~1", backup.FileOptions{}))
	require.NoError(t, err, "retry")
	require.Equal(t, one.ID, again.ID)
	require.Equal(t, one.SizeBytes, again.SizeBytes)
	require.Positive(t, again.ChangedBytes)
	require.Len(t, s.objects(t, "snapshots/"), 1)
	require.Equal(t, data, s.files(t, "/data"))

	two, err := s.BackUpFiles(t.Context(), s.input("backup:nightly~2", backup.FileOptions{Excludes: []string{"image-*"}}))
	require.NoError(t, err)
	require.NotEqual(t, one.ID, two.ID)
	require.Less(t, two.ChangedBytes, one.ChangedBytes/10, "only the changes")
	require.Empty(t, s.objects(t, "locks/"))

	out, err := s.restore(t, one, "")
	require.NoError(t, err)
	require.True(t, out.Checked)
	require.Equal(t, "/restore", out.Target)
	require.EqualValues(t, len(data), len(s.files(t, "/restore/data")))
	require.Equal(t, data, s.files(t, "/restore/data"))
	list, err := s.Records.List(t.Context(), s.in.ID)
	require.NoError(t, err)
	require.Equal(t, []string{two.ID, one.ID}, []string{list[0].ID, list[1].ID})

	page, err := s.Records.Files(t.Context(), two.ID, "/data", "", 100, "")
	require.NoError(t, err)
	var names []string
	for _, e := range page.Items {
		names = append(names, e.Path)
	}
	require.Equal(t, []string{"/data/app.log", "/data/customers", "/data/médias", "/data/orders"}, names)
	page, err = s.Records.Files(t.Context(), two.ID, "/", "IMAGE", 100, "")
	require.NoError(t, err)
	require.Empty(t, page.Items, "they were excluded")
}

func TestVerifyFiles_and_ForgetSnapshots(t *testing.T) {
	s := newFileBackupEnv(t)
	one, err := s.BackUpFiles(t.Context(), s.input("b~1", backup.FileOptions{}))
	require.NoError(t, err)
	two, err := s.BackUpFiles(t.Context(), s.input("b~2", backup.FileOptions{}))
	require.NoError(t, err)
	verify := func(b backup.Backup, restoreTest bool) filebackup.VerifyFilesResult {
		t.Helper()
		out, err := s.VerifyFiles(t.Context(), filebackup.VerifyFilesInput{Backup: b, Address: s.in.SourceIP, HostKey: s.in.HostKey, RestoreTest: restoreTest})
		require.NoError(t, err)
		return out
	}
	require.True(t, verify(one, false).OK)
	require.True(t, verify(two, true).OK)
	require.NoDirExists(t, filepath.Join(s.cloud.Dir, "blobs", "disk-"+s.in.ID, "var/tmp/mcm-restore-test"))

	forget := filebackup.ForgetSnapshotsInput{Instance: s.in.ID, Address: s.in.SourceIP, HostKey: s.in.HostKey, Snapshots: []string{one.Snapshot}}
	for range 2 {
		require.NoError(t, s.ForgetSnapshots(t.Context(), forget))
	}
	require.False(t, verify(one, false).OK)
	require.True(t, verify(two, true).OK)
	_, err = s.Records.Get(t.Context(), one.ID)
	require.Equal(t, fault.NotFound, fault.KindOf(err))

	// A part of the repository is lost.
	store, err := s.Cloud.Objects(t.Context())
	require.NoError(t, err)
	require.NoError(t, store.ObjectDelete(t.Context(), two.Container, s.objects(t, "data/")[0]))
	bad := verify(two, false)
	require.False(t, bad.OK)
	require.Contains(t, bad.Detail.String(), "does not exist")
	require.False(t, verify(two, true).OK)
}

func TestBackUpFiles_hooks(t *testing.T) {
	s := newFileBackupEnv(t)
	for name, c := range map[string]struct {
		rules backup.FileOptions
		made  bool
		says  string
	}{
		"both succeed":     {backup.FileOptions{PreHook: "echo dump", PostHook: "true"}, true, ""},
		"before fails":     {backup.FileOptions{PreHook: "false", OnHookError: backup.HookFail}, false, "the command before the backup failed with code 1"},
		"before warns":     {backup.FileOptions{PreHook: "false", OnHookError: backup.HookContinue}, true, ""},
		"after fails":      {backup.FileOptions{PostHook: "false", OnHookError: backup.HookFail}, true, "the backup was made, but the command after it failed with code 1"},
		"after warns":      {backup.FileOptions{PostHook: "false", OnHookError: backup.HookContinue}, true, ""},
		"fail is the rule": {backup.FileOptions{PreHook: "nonsense"}, false, "failed with code 127"},
	} {
		before := len(s.objects(t, "snapshots/"))
		_, err := s.BackUpFiles(t.Context(), s.input("hooks~"+strings.ReplaceAll(name, " ", "-"), c.rules))
		if c.says == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, c.says, name)
			require.Equal(t, fault.Invalid, fault.KindOf(err), name)
		}
		made := len(s.objects(t, "snapshots/")) > before
		require.Equal(t, c.made, made, name)
		list, err := s.Records.List(t.Context(), s.in.ID)
		require.NoError(t, err)
		require.Len(t, list, len(s.objects(t, "snapshots/")), name)
	}
}

func TestBackUpFiles_errors(t *testing.T) {
	s := newFileBackupEnv(t)
	b, err := s.BackUpFiles(t.Context(), s.input("b~1", backup.FileOptions{}))
	require.NoError(t, err)

	s.Key = append([]byte{1}, make([]byte, 31)...)
	_, err = s.BackUpFiles(t.Context(), s.input("b~2", backup.FileOptions{}))
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "it was created with another key")
	s.Key = make([]byte, 32)

	s.cloud.Control(t, http.MethodPost, "/disk", `{"server":"web-1","free_bytes":1000}`)
	_, err = s.restore(t, b, "/restore")
	require.Equal(t, fault.Quota, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "1000 B are free")
	_, err = s.VerifyFiles(t.Context(), filebackup.VerifyFilesInput{Backup: b, Address: s.in.SourceIP, HostKey: s.in.HostKey, RestoreTest: true})
	require.Equal(t, fault.Quota, fault.KindOf(err), "not a damaged backup: %v", err)
	s.cloud.Control(t, http.MethodPost, "/disk", `{"server":"web-1","free_bytes":1000000000}`)

	s.cloud.Control(t, http.MethodPost, "/faults", `{"service":"swift","kind":"status","status":503,"path_regex":"/mcm-files-.*/(data|snapshots|locks)/","count":-1}`)
	_, err = s.BackUpFiles(t.Context(), s.input("b~3", backup.FileOptions{}))
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
	_, err = s.VerifyFiles(t.Context(), filebackup.VerifyFilesInput{Backup: b, Address: s.in.SourceIP, HostKey: s.in.HostKey})
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "not a damaged backup: %v", err)
	s.cloud.Control(t, http.MethodDelete, "/faults", "")
	_, err = s.BackUpFiles(t.Context(), s.input("b~3", backup.FileOptions{}))
	require.NoError(t, err, "after the fault")

	s.cloud.Control(t, http.MethodPost, "/faults", `{"service":"swift","kind":"expire_token","count":1}`)
	_, err = s.BackUpFiles(t.Context(), s.input("b~4", backup.FileOptions{}))
	require.NoError(t, err, "the proxy renews the manager's token")
	for name, in := range map[string]backup.Plan{"none": {}, "relative": {Directories: []string{"data"}}, "two lines": {Directories: []string{"/a\n/b"}},
		"two patterns": {Directories: []string{"/a"}, Soft: backup.FileOptions{Excludes: []string{"a\nb"}}}} {
		input := s.input("b~5", in.Soft)
		input.Plan = in
		_, err := s.BackUpFiles(t.Context(), input)
		require.Equal(t, fault.Invalid, fault.KindOf(err), name)
	}
}

// A cancelled backup stops on the instance and does not block the next attempt.
func TestBackUpFiles_cancelled(t *testing.T) {
	s := newFileBackupEnv(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for len(s.objects(t, "data/")) < 3 {
			time.Sleep(time.Millisecond) // the engine is running
		}
		cancel()
	}()
	_, err := s.BackUpFiles(ctx, s.input("b~1", backup.FileOptions{}))
	require.Error(t, err)
	require.Empty(t, s.objects(t, "snapshots/"))
	b, err := s.BackUpFiles(t.Context(), s.input("b~1", backup.FileOptions{}))
	require.NoError(t, err)
	require.Empty(t, s.objects(t, "locks/"), "the lock of the interrupted attempt is removed")
	require.Len(t, s.objects(t, "snapshots/"), 1)
	out, err := s.restore(t, b, "/", "/data/app.log")
	require.NoError(t, err)
	require.EqualValues(t, 1, out.Files)
}

func TestRestoreFiles_other_instance(t *testing.T) {
	s := newFileBackupEnv(t)
	b, err := s.BackUpFiles(t.Context(), s.input("b~1", backup.FileOptions{}))
	require.NoError(t, err)
	config := s.files(t, "/config")
	other := s.enrollment(t, "web-2")
	s.run(t, workflows.EnrollInstance, other)
	out, err := s.RestoreFiles(t.Context(), filebackup.RestoreFilesInput{Backup: b, Instance: other.ID, Name: "web-2", Address: other.SourceIP, HostKey: other.HostKey,
		Paths: []string{"/config", "/config/users-44", "/data/customers/app-1"}, Target: "/srv/from web-1", Task: "r~1"})
	require.NoError(t, err)
	require.True(t, out.Checked)
	require.EqualValues(t, len(config)+1, out.Files)
	s.in = other
	require.Equal(t, config, s.files(t, "/srv/from web-1/config"))
	require.Empty(t, s.objects(t, ""), "the other instance gets no repository")

	for _, target := range []string{"relative", "/a\nb"} {
		_, err = s.restore(t, b, target)
		require.Equal(t, fault.Invalid, fault.KindOf(err), target)
	}
	_, err = s.restore(t, b, "/x", "/data/../../etc\n")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = s.restore(t, b, "/x", "/nothing")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

// A backup reports its progress, and its log has the output of the engine and the hooks.
func TestBackUpFiles_progress_and_log(t *testing.T) {
	s := newFileBackupEnv(t)
	s.Log = &tasklog.Log{Store: s.Cloud.Objects, Keep: time.Hour}
	env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
	env.SetWorkerOptions(sdkworker.Options{Interceptors: worker.Interceptors(s.parts)})
	env.RegisterActivity(s.Activities)
	var reported sync.Map
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var message i18n.Message
		if details.HasValues() && details.Get(&message) == nil {
			reported.Store(message.String(), true)
		}
	})
	_, err := env.ExecuteActivity(s.BackUpFiles, s.input("b~1", backup.FileOptions{PreHook: "echo dumped"}))
	require.NoError(t, err)
	percent := false
	reported.Range(func(text, _ any) bool {
		percent = percent || regexp.MustCompile(`^\d+ %, [\d.]+ [KM]?i?B$`).MatchString(text.(string))
		return true
	})
	require.True(t, percent, "%v", &reported)
	store, err := s.Cloud.Objects(t.Context())
	require.NoError(t, err)
	names, err := store.ObjectNamesAll(t.Context(), tasklog.Container, nil)
	require.NoError(t, err)
	var log string
	for _, name := range names {
		raw, err := store.ObjectGetString(t.Context(), tasklog.Container, name)
		require.NoError(t, err)
		log += raw
	}
	for _, line := range []string{"dumped", "restic 0.14.0", "new in the storage", " %, "} {
		require.Contains(t, log, line)
	}
	require.NotContains(t, log, backup.Password(s.Key, s.in.ID))
}

// Duplicity creates chains on the sandbox.
func TestBackUpFiles_duplicity(t *testing.T) {
	s := newFileBackupEnv(t)
	input := func(task string) filebackup.BackUpFilesInput {
		return s.input(task, backup.FileOptions{Engine: backup.Duplicity, Excludes: []string{"image-*"}})
	}
	one, err := s.BackUpFiles(t.Context(), input("d~1"))
	require.NoError(t, err)
	again, err := s.BackUpFiles(t.Context(), input("d~1"))
	require.NoError(t, err, "retry")
	require.Equal(t, one.ID, again.ID)
	two, err := s.BackUpFiles(t.Context(), input("d~2"))
	require.NoError(t, err)
	require.Equal(t, one.Snapshot, two.Parent)
	require.Less(t, two.ChangedBytes, one.ChangedBytes/10, "only the changes")
	page, err := s.Records.Files(t.Context(), two.ID, "/", "IMAGE", 100, "")
	require.NoError(t, err)
	require.Empty(t, page.Items, "they were excluded")

	data := s.files(t, "/config")
	out, err := s.restore(t, one, "/restore", "/config")
	require.NoError(t, err)
	require.True(t, out.Checked)
	for name := range data {
		if strings.Contains(name, "image-") {
			delete(data, name)
		}
	}
	require.Equal(t, data, s.files(t, "/restore/config"))
	for _, restoreTest := range []bool{false, true} {
		v, err := s.VerifyFiles(t.Context(), filebackup.VerifyFilesInput{Backup: two, Address: s.in.SourceIP, HostKey: s.in.HostKey, RestoreTest: restoreTest})
		require.NoError(t, err)
		require.True(t, v.OK, v.Detail)
	}
	forget := filebackup.ForgetSnapshotsInput{Instance: s.in.ID, Engine: backup.Duplicity, Snapshots: []string{one.Snapshot}}
	require.Equal(t, fault.Invalid, fault.KindOf(s.ForgetSnapshots(t.Context(), forget)))
	forget.Snapshots = append(forget.Snapshots, two.Snapshot)
	require.NoError(t, s.ForgetSnapshots(t.Context(), forget))
	list, err := s.Records.List(t.Context(), s.in.ID)
	require.NoError(t, err)
	require.Empty(t, list)
}
