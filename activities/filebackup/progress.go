package filebackup

import (
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

// progressReporter reports the progress of the engine to the task, and logs it at each tenth.
func (s *connection) progressReporter(ctx context.Context) func(progress) {
	tenth, last := 0, time.Time{}
	return func(p progress) {
		text := i18n.Verbatim(fmt.Sprintf("%d %%, %s", int(p.part*100), humanize.IBytes(uint64(max(0, p.bytes))))) // needs no translation
		if time.Since(last) >= time.Second {
			last = time.Now()
			operation.ReportProgress(ctx, text)
		}
		if now := int(p.part * 10); now > tenth {
			tenth = now
			s.logMessage(tasklog.Info, text)
		}
	}
}

// reportStored reports the uploaded bytes to the task, until quiet is called: the progress of the engine itself is more
// accurate.
func (s *connection) reportStored(ctx context.Context) (quiet func()) {
	return throttled(ctx, func() i18n.Message {
		return i18n.Messagef("%s uploaded to the storage", humanize.IBytes(uint64(max(0, s.proxy.BytesUploaded()))))
	})
}

// throttled reports the text to the task once a second, until quiet is called.
func throttled(ctx context.Context, text func() i18n.Message) (quiet func()) {
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
