package filebackup

import (
	"context"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/backup/swiftproxy"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/platform/i18n"
)

// subset is the share of the data that a check reads. It always reads the complete structure.
const subset = "5%"

// VerifyFiles checks the repository of a backup, or performs a test restore and compares the files. A damaged backup is a
// result; other problems, such as an unavailable storage or a full disk, are errors. It is idempotent and leaves nothing
// behind.
func (a *Activities) VerifyFiles(ctx context.Context, in VerifyFilesInput) (VerifyFilesResult, error) {
	s, err := a.open(ctx, target{instance: in.Backup.Instance, name: in.Backup.InstanceName, host: ssh.Host{Address: in.Address, HostKey: in.HostKey},
		engineName: in.Backup.Engine, plan: planOf(in.Backup.Snapshot), access: swiftproxy.ReadOnly})
	if err != nil {
		return VerifyFilesResult{}, err
	}
	defer s.close()
	if !s.exists {
		return VerifyFilesResult{Detail: i18n.Messagef("the repository no longer exists")}, nil
	}
	if err := s.begin(ctx); err != nil {
		return VerifyFilesResult{}, err
	}
	list, o, err := s.snapshots(ctx)
	if err == nil && !slices.ContainsFunc(list, func(have snapshot) bool { return have.ID == in.Backup.Snapshot }) {
		err = errSnapshotMissing
	}
	if err != nil {
		return verificationResult(s, o, err)
	}
	if in.RestoreTest {
		return s.restoreTest(ctx, in.Backup)
	}
	return s.check(ctx, in.Backup)
}

var errSnapshotMissing = fault.New(fault.NotFound, nil, "the backup is not in its repository any more")

// verificationResult returns a result for a damaged backup, and an error if the verification itself failed.
func verificationResult(e engine, o *commandResult, err error) (VerifyFilesResult, error) {
	switch {
	case err == nil:
		return VerifyFilesResult{OK: true, Detail: i18n.Messagef("the structure is intact, and %s of the data was read", subset)}, nil
	case fault.KindOf(err) == fault.NotFound:
		return VerifyFilesResult{Detail: fault.MessageOf(err)}, nil
	case fault.KindOf(err) == fault.Internal && e.damaged(o.stderrLine()):
		return VerifyFilesResult{Detail: i18n.Verbatim(firstLines(o.stderr))}, nil
	}
	return VerifyFilesResult{}, err
}

// firstLines returns the first lines of the error output.
func firstLines(stderr []string) string {
	const maxLines = 4
	var lines []string
	for _, line := range stderr {
		if line = strings.TrimSpace(line); line != "" && len(lines) < maxLines {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// restoreTest restores the whole backup to a scratch directory, where the engine compares the checksums.
func (s *repository) restoreTest(ctx context.Context, b backup.Backup) (VerifyFilesResult, error) {
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
		return verificationResult(s, o, err)
	}
	if !want.met(o) {
		return VerifyFilesResult{Detail: i18n.Messagef("restored %d files of %d bytes, the backup has %d of %d", o.files, o.bytes, want.files, want.bytes)}, nil
	}
	return VerifyFilesResult{OK: true, Detail: i18n.Messagef("%d files, %s, were restored and compared", o.files, humanize.IBytes(uint64(max(0, o.bytes))))}, nil
}
