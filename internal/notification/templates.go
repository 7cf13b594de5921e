package notification

import (
	"fmt"
	"strings"
	"time"

	"mycloudmanager/internal/platform/i18n"
)

// message is the text of a notification.
type message struct{ subject, body string }

// subjects have the quoted name of the plan, or the number of runs and the plan.
var subjects = map[Kind]i18n.Text{
	Failed:          {En: "Backup plan “%[1]s” failed", Fr: "Le plan de sauvegarde « %[1]s » a échoué"},
	PartiallyFailed: {En: "Backup plan “%[1]s” failed in part", Fr: "Le plan de sauvegarde « %[1]s » a échoué en partie"},
	Missed:          {En: "Backup plan “%[1]s” missed %[2]d run(s)", Fr: "Le plan de sauvegarde « %[1]s » a manqué %[2]d exécution(s)"},
	Overdue:         {En: "Backup plan “%[1]s” has no recent backup", Fr: "Le plan de sauvegarde « %[1]s » n'a pas de sauvegarde récente"},
	Recovered:       {En: "Backup plan “%[1]s” succeeds again", Fr: "Le plan de sauvegarde « %[1]s » réussit de nouveau"},
	Test:            {En: "Test of notifications", Fr: "Test des notifications"},
}

var introductions = map[Kind]i18n.Text{
	Failed:          {En: "The backup was not created, or it is damaged.", Fr: "La sauvegarde n'a pas été créée, ou elle est endommagée."},
	PartiallyFailed: {En: "Some of the instances were not backed up:", Fr: "Certaines instances n'ont pas été sauvegardées :"},
	Missed: {En: "These runs were due while the manager was down, for longer than the plan's catch-up window. They were skipped.",
		Fr: "Ces exécutions étaient dues pendant que le gestionnaire était arrêté, au-delà du délai de rattrapage du plan. Elles ont été ignorées."},
	Overdue: {En: "Two consecutive scheduled runs produced no good backup of:", Fr: "Deux exécutions planifiées consécutives n'ont produit aucune sauvegarde valide de :"},
	Recovered: {En: "The run succeeded. The previous one had failed.",
		Fr: "L'exécution a réussi. La précédente avait échoué."},
	Test: {En: "This is a test. Notifications of backup plans are sent here.", Fr: "Ceci est un test. Les notifications des plans de sauvegarde sont envoyées ici."},
}

var (
	detailsText = i18n.Text{En: "Details: %s", Fr: "Détails : %s"}
	// Every instance of a notification has a reason.
	instanceText = i18n.Text{En: "%s: %s", Fr: "%s : %s"}
	moreText     = i18n.Text{En: "and %d more", Fr: "et %d de plus"}
	sinceText    = i18n.Text{En: "Overdue since %s.", Fr: "En retard depuis le %s."}
	idText       = i18n.Text{En: "Notification %s of %s", Fr: "Notification %s du %s"}
)

// message returns the text of the notification in the configured language.
func (s *Notifier) render(n Notification) message {
	language := s.config.Language
	in := func(t i18n.Text, args ...any) string {
		if len(args) == 0 {
			return t.In(language)
		}
		return fmt.Sprintf(t.In(language), args...)
	}
	subject := subjects[n.Kind].In(language)
	switch n.Kind {
	case Test:
	case Missed:
		subject = fmt.Sprintf(subject, n.Plan.Name, n.Missed)
	default:
		subject = fmt.Sprintf(subject, n.Plan.Name)
	}
	var b strings.Builder
	say := func(text string) { b.WriteString(text + "\n") }
	say(subject + ".\n")
	say(in(introductions[n.Kind]))
	if !n.Reason.IsZero() {
		say("\n" + line(n.Reason.In(language)))
	}
	for _, i := range n.Instances {
		say("- " + in(instanceText, i.Name, line(i.Reason.In(language))))
	}
	if n.MoreInstances > 0 {
		say("- " + in(moreText, n.MoreInstances))
	}
	if !n.Since.IsZero() {
		say("\n" + in(sinceText, formatTime(n.Since)))
	}
	say("\n" + in(detailsText, s.link(n)))
	say("\n--\n" + in(idText, n.ID, formatTime(n.At)))
	return message{subject: "[MyCloudManager] " + subject, body: b.String()}
}

func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
