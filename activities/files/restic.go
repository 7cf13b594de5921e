package files

import (
	"encoding/json"
	"io/fs"
	"strings"
	"time"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
)

// restic reads what restic says. https://restic.readthedocs.io/en/stable/075_scripting.html
type restic struct{}

func (restic) environment(container, url, token string) map[string]string {
	return map[string]string{"RESTIC_REPOSITORY": "swift:" + container + ":/", "OS_STORAGE_URL": url, "OS_AUTH_TOKEN": token,
		"RESTIC_CACHE_DIR": "/var/cache/mcm-backup", "RESTIC_PROGRESS_FPS": "1"}
}

// pattern takes from the path what would match more than itself.
func (restic) pattern(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// said is every line of restic's in one.
type said struct {
	MessageType string  `json:"message_type"`
	PercentDone float64 `json:"percent_done"`
	BytesDone   int64   `json:"bytes_done"`

	TotalFiles int64 `json:"total_files_processed"`
	TotalBytes int64 `json:"total_bytes_processed"`
	DataAdded  int64 `json:"data_added"`

	StructType string      `json:"struct_type"`
	Type       string      `json:"type"`
	Path       string      `json:"path"`
	Size       int64       `json:"size"`
	Mode       fs.FileMode `json:"mode"`
	UID        uint32      `json:"uid"`
	GID        uint32      `json:"gid"`
	MTime      time.Time   `json:"mtime"`
}

func (restic) read(line string) event {
	if strings.HasPrefix(line, "[") || line == "null" {
		list := []snapshot{}
		if json.Unmarshal([]byte(line), &list) == nil {
			return event{snapshots: list}
		}
	}
	var s said
	if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &s) != nil {
		return event{}
	}
	switch {
	case s.MessageType == "status":
		return event{progress: &progress{s.PercentDone, s.BytesDone}}
	case s.MessageType == "summary":
		return event{summary: &summary{s.TotalFiles, s.TotalBytes, s.DataAdded}}
	case s.StructType == "node":
		return event{entry: &backup.Entry{Path: s.Path, Type: typeOf(s.Type), Size: s.Size, Mode: unixMode(s.Mode), UID: s.UID, GID: s.GID, MTime: s.MTime.UTC()}}
	}
	return event{}
}

func typeOf(name string) string {
	switch name {
	case backup.EntryFile, backup.EntryDir, backup.EntryLink:
		return name
	}
	return backup.EntryOther
}

// unixMode has the bits where chmod has them.
func unixMode(m fs.FileMode) uint32 {
	out := uint32(m.Perm())
	for bit, unix := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&bit != 0 {
			out |= unix
		}
	}
	return out
}

func (restic) refusal(complaints string) error {
	switch {
	case strings.Contains(complaints, "wrong password or no key found"):
		return fault.New(fault.Invalid, nil, "the repository does not open with the project's backup key: it was made with another one")
	case strings.Contains(complaints, "no space left on device"):
		return fault.New(fault.Quota, nil, "no space is left on the instance")
	case strings.Contains(complaints, "already locked"):
		return fault.New(fault.Unavailable, nil, "the repository is in use by another run")
	case strings.Contains(complaints, "no matching ID"), strings.Contains(complaints, "no snapshot found"):
		return errForgotten
	}
	return nil
}

func (restic) damaged(complaints string) bool {
	for _, words := range []string{"repository contains errors", "pack file cannot be listed", "does not exist", "ciphertext verification failed",
		"hash does not match", "invalid data returned", "invalid content", "no matching ID", "There were", "unable to load", "not found in index"} {
		if strings.Contains(complaints, words) {
			return true
		}
	}
	return false
}
