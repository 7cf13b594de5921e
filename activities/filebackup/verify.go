package filebackup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/backup/swiftproxy"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/ssh"
)

// subset is how much of the data a check reads; its structure is always read whole.
const subset = "5%"

// VerifyFiles checks a backup's repository, or restores the backup for a trial and compares it. What the
// backup cannot be blamed for is an error: the storage away, no space on the instance. It is idempotent:
// it leaves nothing behind.
func (a *Activities) VerifyFiles(ctx context.Context, in VerifyFilesInput) (VerifyFilesResult, error) {
	s, err := a.openSession(ctx, engineTarget{repository: in.Backup.Instance, name: in.Backup.InstanceName, host: ssh.Host{Address: in.Address, HostKey: in.HostKey},
		engine: in.Backup.Engine, plan: planOf(in.Backup.Snapshot), right: swiftproxy.ReadOnly})
	if err != nil {
		return VerifyFilesResult{}, err
	}
	defer s.close()
	if !s.exists {
		return VerifyFilesResult{Detail: "the repository is gone"}, nil
	}
	if err := s.begin(ctx); err != nil {
		return VerifyFilesResult{}, err
	}
	list, o, err := s.engine.snapshots(ctx, s)
	if err == nil && !slices.ContainsFunc(list, func(have snapshot) bool { return have.ID == in.Backup.Snapshot }) {
		err = errSnapshotMissing
	}
	if err != nil {
		return s.verificationResult(o, err)
	}
	if in.RestoreTest {
		return s.restoreTest(ctx, in.Backup)
	}
	return s.engine.check(ctx, s, in.Backup)
}

var errSnapshotMissing = fault.New(fault.NotFound, nil, "the backup is not in its repository any more")

// verificationResult tells apart a backup that is not good and a look at it that did not succeed.
func (s *engineSession) verificationResult(o *commandResult, err error) (VerifyFilesResult, error) {
	switch {
	case err == nil:
		return VerifyFilesResult{OK: true, Detail: fmt.Sprintf("the structure is whole, and %s of the data was read", subset)}, nil
	case fault.KindOf(err) == fault.NotFound:
		return VerifyFilesResult{Detail: fault.MessageOf(err)}, nil
	case fault.KindOf(err) == fault.Internal && s.engine.damaged(o.stderrLine()):
		return VerifyFilesResult{Detail: firstLines(o.stderr)}, nil
	}
	return VerifyFilesResult{}, err
}

// firstLines is the beginning of what the engine complained of.
func firstLines(complaints []string) string {
	const most = 4
	var said []string
	for _, line := range complaints {
		if line = strings.TrimSpace(line); line != "" && len(said) < most {
			said = append(said, line)
		}
	}
	return strings.Join(said, "; ")
}

// restoreTest restores the whole backup to a scratch directory, where the engine compares its checksums.
func (s *engineSession) restoreTest(ctx context.Context, b backup.Backup) (VerifyFilesResult, error) {
	roots, err := rootsOf(nil, b.Directories)
	if err != nil {
		return VerifyFilesResult{}, err
	}
	want, err := s.expect(ctx, b, nil)
	if err != nil {
		return VerifyFilesResult{}, err
	}
	o, err := s.restore(ctx, "restore_test", want.items(b.Snapshot, roots), want)
	if err != nil {
		return s.verificationResult(o, err)
	}
	if !want.met(o) {
		return VerifyFilesResult{Detail: fmt.Sprintf("%d files of %d bytes came back, the backup has %d of %d", o.files, o.bytes, want.files, want.bytes)}, nil
	}
	return VerifyFilesResult{OK: true, Detail: fmt.Sprintf("%d files, %s, were restored for a trial and compared", o.files, humanize.IBytes(uint64(max(0, o.bytes))))}, nil
}
