package audit

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

// ContentType returns the media type of an export format.
func ContentType(format string) string {
	switch format {
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case "csv":
		return "text/csv; charset=utf-8"
	}
	return "application/jsonl"
}

// Export writes records in the format xlsx, csv or jsonl. each calls its argument for every record. The required memory
// does not depend on the number of records.
func Export(w io.Writer, format, language string, each func(func(Record) error) error) error {
	switch format {
	case "xlsx":
		return exportXLSX(w, language, each)
	case "csv":
		return exportCSV(w, language, each)
	case "jsonl":
		encoder := json.NewEncoder(w)
		return each(func(r Record) error { return encoder.Encode(r) })
	}
	return fault.InvalidField("format", "one of xlsx, csv, jsonl")
}

var headings = []i18n.Text{
	{En: "Id", Fr: "N°"}, {En: "Time (UTC)", Fr: "Date (UTC)"}, {En: "Actor", Fr: "Auteur"}, {En: "Source IP", Fr: "Adresse IP"}, {En: "User agent", Fr: "Agent utilisateur"},
	{En: "Via", Fr: "Par"}, {En: "Operation", Fr: "Opération"}, {En: "Title", Fr: "Titre"}, {En: "Targets", Fr: "Cibles"}, {En: "Changes", Fr: "Changements"},
	{En: "Outcome", Fr: "Issue"}, {En: "Detail", Fr: "Détail"}, {En: "Task", Fr: "Tâche"}, {En: "Request id", Fr: "N° de requête"},
}

// columns returns the cells of a record whose texts are already in the language of the reader.
func columns(r Record) []string {
	var targets, changes []string
	for _, t := range r.Targets {
		targets = append(targets, t.Kind+":"+t.ID+" "+t.Name)
	}
	for _, c := range r.Changes {
		changes = append(changes, fmt.Sprintf("%s: %s -> %s", c.Field, c.Old, c.New))
	}
	return []string{strconv.FormatInt(r.ID, 10), r.Time.UTC().Format(time.RFC3339Nano), r.Actor.Name, r.SourceIP, r.UserAgent, r.Via, r.Operation, r.Title,
		strings.Join(targets, "; "), strings.Join(changes, "; "), r.Outcome, r.Detail.String(), r.Task, r.RequestID}
}

func exportCSV(w io.Writer, language string, each func(func(Record) error) error) error {
	out := csv.NewWriter(w)
	var head []string
	for _, h := range headings {
		head = append(head, h.In(language))
	}
	if err := out.Write(head); err != nil {
		return err
	}
	err := each(func(r Record) error {
		row := columns(r)
		for i := range row {
			row[i] = sheetSafe(row[i])
		}
		return out.Write(row)
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return err
}

// sheetSafe escapes text that a spreadsheet would evaluate as a formula.
// https://owasp.org/www-community/attacks/CSV_Injection
func sheetSafe(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// sheetRows is the maximum number of rows in one sheet of XLSX. Further rows are written to further sheets.
const sheetRows = 1_048_576

func exportXLSX(w io.Writer, language string, each func(func(Record) error) error) error {
	book := excelize.NewFile()
	defer book.Close() //nolint:errcheck // Close removes temporary files; the workbook is already written
	out := &workbook{book: book, language: language}
	if err := each(out.add); err != nil {
		return err
	}
	if out.stream == nil {
		if err := out.next(); err != nil {
			return err
		}
	}
	if err := out.stream.Flush(); err != nil {
		return err
	}
	return book.Write(w)
}

// workbook writes rows to temporary files, one sheet after the other.
type workbook struct {
	book     *excelize.File
	stream   *excelize.StreamWriter
	language string
	sheets   int
	row      int
}

// next starts a new sheet.
func (b *workbook) next() error {
	if b.stream != nil {
		if err := b.stream.Flush(); err != nil {
			return err
		}
	}
	b.sheets++
	name := fmt.Sprintf("Audit %d", b.sheets)
	if b.sheets == 1 {
		if err := b.book.SetSheetName("Sheet1", name); err != nil {
			return err
		}
	} else if _, err := b.book.NewSheet(name); err != nil {
		return err
	}
	stream, err := b.book.NewStreamWriter(name)
	if err != nil {
		return err
	}
	b.stream, b.row = stream, 1
	head := make([]any, len(headings))
	for i, h := range headings {
		head[i] = h.In(b.language)
	}
	return stream.SetRow("A1", head)
}

// add adds a row.
func (b *workbook) add(r Record) error {
	if b.stream == nil || b.row == sheetRows {
		if err := b.next(); err != nil {
			return err
		}
	}
	b.row++
	var row []any
	for _, c := range columns(r) {
		row = append(row, c) // a spreadsheet does not evaluate a string cell
	}
	return b.stream.SetRow(fmt.Sprintf("A%d", b.row), row)
}
