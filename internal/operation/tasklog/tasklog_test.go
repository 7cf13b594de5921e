package tasklog

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(ms int, message string) Line {
	return Line{Time: noon.Add(time.Duration(ms) * time.Millisecond), Message: message}
}

func TestView_ChronologicalOrder(t *testing.T) {
	h := newTestEnv(t)
	one, two := h.open(task, "RunAgentPlaybook", "aa.5.1"), h.open(task, "RunAgentPlaybook", "aa.6.1")
	for n := range 40 {
		w := []*Writer{one, two}[n%2]
		w.Write(at(n*100, fmt.Sprint("line ", n)))
	}
	one.Write(Line{Time: noon.Add(5 * time.Second), Level: Error, Host: "web-1", Task: "Install it", Stream: Stderr, Message: "E: no\nE: really no\n"})
	one.Close()
	two.Close()
	events := []Line{{Time: noon.Add(-time.Second), Level: Info, Message: "the task starts"}, {Time: noon.Add(time.Hour), Level: Info, Message: "the task has failed"}}
	v := h.list(t.Context(), events...)
	all := lines(t, v, Query{})
	require.Equal(t, 44, v.Total)
	require.Len(t, all, 44)
	require.Equal(t, 2, v.Errors)
	require.True(t, slices.IsSortedFunc(all, func(a, b Entry) int { return a.Time.Compare(b.Time) }))
	for i, e := range all {
		require.Equal(t, i, e.Position)
	}
	require.Equal(t, "the task starts", all[0].Message)
	require.Equal(t, "line 39", all[40].Message)
	require.Equal(t, Entry{41, Line{Time: noon.Add(5 * time.Second), Step: "RunAgentPlaybook", Level: Error, Host: "web-1", Task: "Install it", Stream: Stderr, Message: "E: no"}}, all[41])

	for from := range 44 { // a page from any position is equal to the rest of the log
		require.Equal(t, all[from:], lines(t, v, Query{From: from}))
	}
	require.Equal(t, all[41:], lines(t, v, Query{From: -3}))
	require.Equal(t, all[41:43], lines(t, v, Query{Level: Error}))
	require.Equal(t, []string{"line 7"}, messages(lines(t, v, Query{Text: "LINE 7"})))
	require.Equal(t, []string{"E: no", "E: really no"}, messages(lines(t, v, Query{Text: "WEB-1", From: 5})))
	step := h.View(t.Context(), task, "RunAgentPlaybook", nil, events)
	require.Equal(t, 42, step.Total)
	require.Equal(t, "line 0", lines(t, step, Query{})[0].Message)
}

// A second attempt of an activity does not overwrite the segments of the first one, whose writer may still be running.
func TestWriter_OneStreamPerAttempt(t *testing.T) {
	h := newTestEnv(t)
	for attempt := range int32(3) {
		w := h.open(task, "RunAgentPlaybook", streamOf("0190-run", "5", attempt+1))
		w.Write(at(int(attempt), fmt.Sprint("attempt ", attempt+1)))
		w.Close()
	}
	require.Equal(t, []string{"attempt 1", "attempt 2", "attempt 3"}, messages(lines(t, h.list(t.Context()), Query{})))
	require.NotEqual(t, streamOf("0190-run-a", "5", 1), streamOf("0190-run-b", "5", 1), "a reset creates another run")
}

func TestWriter_LinesAppearWithinASecond(t *testing.T) {
	h := newTestEnv(t)
	h.list(t.Context())
	w := h.open(task, "RunAgentPlaybook", "aa.5.1")
	defer w.Close()
	began := time.Now()
	w.Write(Line{Message: "hello"})
	require.Less(t, time.Since(began), 50*time.Millisecond)
	require.Eventually(t, func() bool { return h.list(t.Context()).Total == 1 }, 1900*time.Millisecond, 20*time.Millisecond)
	w.Write(Line{Message: "again"})
	require.Eventually(t, func() bool { return h.list(t.Context()).Total == 2 }, 1900*time.Millisecond, 20*time.Millisecond)
}

func TestWriter_SegmentsExpire(t *testing.T) {
	h := newTestEnv(t)
	w := h.open(task, "RunAgentPlaybook", "aa.5.1")
	w.Write(Line{Message: "hello"})
	w.Close()
	store := h.store(t)
	names, err := store.ObjectNamesAll(t.Context(), Container, nil)
	require.NoError(t, err)
	require.Len(t, names, 1)
	_, headers, err := store.Object(t.Context(), Container, names[0])
	require.NoError(t, err)
	require.InDelta(t, time.Now().Add(24*time.Hour).Unix(), unix(t, headers["X-Delete-At"]), 10)

	v := h.list(t.Context())
	require.NoError(t, store.ObjectDelete(t.Context(), Container, names[0]))
	got := lines(t, v, Query{})
	require.Equal(t, []string{"lines that are no longer stored: 1"}, messages(got))
	require.Equal(t, Warning, got[0].Level)
}

// While the storage is unavailable, the activity continues. The queued lines appear later, and the number of dropped
// lines is reported.
func TestWriter_UnavailableStorage(t *testing.T) {
	h := newTestEnv(t)
	w := h.open(task, "RunAgentPlaybook", "aa.5.1")
	w.Write(at(0, "before"))
	require.Eventually(t, func() bool { return h.list(t.Context()).Total == 1 }, 5*time.Second, 20*time.Millisecond)
	h.down.Store(true)
	began := time.Now()
	const written = 2000 // more than the backlog
	for n := range written {
		w.Write(at(1000+n, fmt.Sprintf("%d %08192d", n, n)))
	}
	require.Less(t, time.Since(began), 10*time.Second, "Write does not wait for the storage")
	require.NotEmpty(t, h.View(t.Context(), "other~task", "", nil, nil).IncompleteReason)
	h.down.Store(false)
	require.Eventually(t, func() bool { return h.list(t.Context()).windows != nil && reported(t, h) }, 20*time.Second, 100*time.Millisecond)
	w.Write(at(9000, "after"))
	w.Close()
	got := messages(lines(t, h.list(t.Context()), Query{}))
	kept := len(got) - 3
	require.Greater(t, kept, 900)
	require.Less(t, kept, written)
	require.Equal(t, "after", got[len(got)-1])
	require.Contains(t, got, fmt.Sprint("lines dropped because the object storage was unavailable: ", written-kept))
}

func reported(t *testing.T, h *testEnv) bool {
	for _, e := range lines(t, h.list(t.Context()), Query{Level: Warning}) {
		return e.Message != ""
	}
	return false
}

// An expired token is renewed without losing lines.
func TestWriter_ExpiredToken(t *testing.T) {
	h := newTestEnv(t)
	w := h.open(task, "RunAgentPlaybook", "aa.5.1")
	w.Write(at(0, "before"))
	require.Eventually(t, func() bool { return h.list(t.Context()).Total == 1 }, 5*time.Second, 20*time.Millisecond)
	session, err := h.openstack.Manager(t.Context())
	require.NoError(t, err)
	expired := session.Token()
	require.NoError(t, h.openstack.Revoke(t.Context(), expired))
	w.Write(at(1000, "after"))
	w.Close()
	require.NotEqual(t, expired, session.Token())
	require.Equal(t, []string{"before", "after"}, messages(lines(t, h.list(t.Context()), Query{})))
}

func TestClean_RemovesControlCharacters(t *testing.T) {
	require.Equal(t, "red title\tx", clean("\x1b[31mred\x1b[0m \x1b]0;evil\x07title\tx\x00\x7f\u009b"))
	require.Len(t, clean(string(make([]byte, 3)))+clean(fmt.Sprintf("%020000d", 1)), maxMessage+len(" […]"))
}

// A reader that follows a log receives each line once, also if it reconnects with its cursor, and also late lines.
func TestPoll_EachLineOnce(t *testing.T) {
	h := newTestEnv(t)
	cursor := ParseCursor("")
	var got []string
	follow := func(events ...Line) (from int) {
		for c, err := range h.list(t.Context(), events...).Poll(t.Context(), cursor, true) {
			require.NoError(t, err)
			from = c.ResetFrom
			for _, l := range c.Lines {
				got = append(got, l.Message)
			}
			cursor = ParseCursor(cursor.String())
		}
		return from
	}
	write := func(stream string, ms int, message string) {
		w := h.open(task, "RunAgentPlaybook", stream)
		w.number = ms // as if the stream had earlier segments
		w.Write(at(ms, message))
		w.Close()
	}
	write("aa.5.1", 1000, "one")
	write("aa.6.1", 1500, "two")
	follow(at(0, "the task starts"))
	write("aa.5.1", 3000, "three")
	require.Equal(t, 3, follow(at(0, "the task starts")), "earlier lines do not move")
	write("aa.7.1", 2000, "late")
	require.Equal(t, 3, follow(at(0, "the task starts"), at(4000, "done")), "the lines after the late line have moved")
	follow(at(0, "the task starts"), at(4000, "done"))
	require.Equal(t, []string{"the task starts", "one", "two", "three", "late", "done"}, got)

	for n := range 50 {
		write("bb.5.1", 400_000+n*60_000, "")
	}
	follow(at(0, "the task starts"), at(4000, "done"))
	require.Less(t, len(cursor.String()), 60, "the cursor omits streams that ended long ago")
}

// All readers that follow a log share one short listing.
func TestPoll_ListsOncePerInterval(t *testing.T) {
	h := newTestEnv(t)
	w := h.open(task, "RunAgentPlaybook", "aa.5.1")
	for n := range 300 {
		w.Write(at(n*1000, "line"))
	}
	w.Close()
	require.Equal(t, 300, h.list(t.Context()).Total)
	before := h.lists.Load()
	for range 10 {
		require.Equal(t, 300, h.View(t.Context(), task, "", nil, nil).Total)
	}
	require.LessOrEqual(t, h.lists.Load()-before, int32(2))
	now := h.open(task, "RunAgentPlaybook", "aa.5.2")
	now.Write(Line{Message: "now"})
	now.Close()
	require.Equal(t, 301, h.list(t.Context()).Total)
}
