package audit_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/platform/i18n"
)

func escapePath(file string) string { return (&url.URL{Path: file}).EscapedPath() }

// generate returns an iterator over n records, which it creates one at a time.
func generate(n int, change func(*audit.Record)) func(func(audit.Record) error) error {
	return func(visit func(audit.Record) error) error {
		for i := range n {
			r := record(i)
			r.ID = int64(i + 1)
			change(&r)
			if err := visit(r); err != nil {
				return err
			}
		}
		return nil
	}
}

func unchanged(*audit.Record) {}

// formulas are texts that a spreadsheet would evaluate.
var formulas = []string{`=HYPERLINK("http://x","y")`, "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0"}

// evil sets all texts of the record to a formula.
func evil(r *audit.Record) {
	f := formulas[int(r.ID-1)%len(formulas)]
	r.Actor.Name, r.UserAgent, r.Title, r.Detail, r.RequestID = f, f, f, i18n.Verbatim(f), f
	r.Changes = []operation.Change{{Field: f, Old: "a", New: f}}
}

func TestExport_CSVHasNoFormulas(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, audit.Export(&out, "csv", "en", generate(len(formulas), evil)))
	rows, err := csv.NewReader(&out).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, len(formulas)+1)
	require.Equal(t, []string{"Id", "Time (UTC)", "Actor"}, rows[0][:3])
	for i, row := range rows[1:] {
		for _, cell := range row {
			if cell != "" {
				require.NotContains(t, "=+-@\t\r", cell[:1])
			}
		}
		require.Equal(t, strings.TrimPrefix(row[2], "'"), strings.ReplaceAll(formulas[i], "\r\n", "\n"), "only a quote is added")
	}
}

func TestExport_XLSXHasNoFormulas(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, audit.Export(&out, "xlsx", "fr", generate(len(formulas), evil)))
	book, err := excelize.OpenReader(&out)
	require.NoError(t, err)
	defer book.Close()
	sheet := book.GetSheetName(0)
	rows, err := book.GetRows(sheet)
	require.NoError(t, err)
	require.Len(t, rows, len(formulas)+1)
	require.Equal(t, "Auteur", rows[0][2])
	for i := range formulas {
		for column := range rows[i+1] {
			cell, err := excelize.CoordinatesToCellName(column+1, i+2)
			require.NoError(t, err)
			formula, err := book.GetCellFormula(sheet, cell)
			require.NoError(t, err)
			require.Empty(t, formula, cell)
		}
	}
	require.Equal(t, formulas[0], rows[1][2], "the text is unchanged")
}

func TestExport_JSONL(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, audit.Export(&out, "jsonl", "en", generate(3, unchanged)))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 3)
	for i, line := range lines {
		var r audit.Record
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		require.EqualValues(t, i+1, r.ID)
		require.NotContains(t, line, "run-", "the key is internal")
	}
}

func TestExport_WithoutRecords(t *testing.T) {
	for _, format := range []string{"csv", "xlsx", "jsonl"} {
		var out bytes.Buffer
		require.NoError(t, audit.Export(&out, format, "en", generate(0, unchanged)))
		require.Equal(t, format == "jsonl", out.Len() == 0, format)
		require.NotEmpty(t, audit.ContentType(format))
	}
	err := audit.Export(io.Discard, "pdf", "en", generate(0, unchanged))
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func TestExport_ReturnsErrorOfIterator(t *testing.T) {
	unavailable := errors.New("the store is unavailable")
	for _, format := range []string{"csv", "xlsx", "jsonl"} {
		err := audit.Export(io.Discard, format, "en", func(visit func(audit.Record) error) error {
			require.NoError(t, visit(record(1)))
			return unavailable
		})
		require.ErrorIs(t, err, unavailable, format)
	}
}

func TestExport_MemoryIsConstant(t *testing.T) {
	const records = 20_000
	for _, format := range []string{"csv", "jsonl", "xlsx"} {
		var peak uint64
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		n := 0
		err := audit.Export(io.Discard, format, "en", func(visit func(audit.Record) error) error {
			return generate(records, func(r *audit.Record) {
				r.Detail = i18n.Verbatim(strings.Repeat("a long reason ", 50))
				if n++; n%5000 == 0 {
					runtime.GC()
					runtime.ReadMemStats(&now)
					peak = max(peak, now.HeapAlloc)
				}
			})(visit)
		})
		require.NoError(t, err)
		require.Equal(t, records, n)
		growth := int64(peak) - int64(before.HeapAlloc)
		require.Less(t, growth, int64(24<<20), "%s: the heap grew by %d during the export of 14 MB of text", format, growth)
	}
}
