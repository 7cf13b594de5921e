package ansible

import (
	"strings"

	"mycloudmanager/internal/instance/ansible"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

// write writes an event of a playbook to the task's log in Ansible's own words, with the output of programs. Ansible has
// censored tasks with no_log, and the runner has masked the app's secrets; events never contain variables.
func write(log *tasklog.Writer, host string, e ansible.Event) {
	if e.Kind == ansible.KindStart { // one per host; the start of a task is logged once
		return
	}
	line := tasklog.Line{Time: e.At, Host: host, Task: e.Task, Level: levelOf(e), Message: messageOf(e)}
	log.Write(line)
	if line.Message = e.Stdout; e.Stdout != "" {
		line.Stream = tasklog.Stdout
		log.Write(line)
	}
	if line.Message = e.Stderr; e.Stderr != "" {
		line.Stream = tasklog.Stderr
		log.Write(line)
	}
}

func levelOf(e ansible.Event) string {
	switch {
	case e.Kind == ansible.KindUnreachable, e.Kind == ansible.KindFailed && !e.Ignored, e.Kind == ansible.KindItem && e.Failed:
		return tasklog.Error
	case e.Kind == ansible.KindFailed, e.Kind == ansible.KindRetry:
		return tasklog.Warning
	}
	return tasklog.Info
}

// messageOf returns the kind of the event, as Ansible prints it, followed by its message.
func messageOf(e ansible.Event) string {
	words := []string{e.Kind}
	if e.Kind == ansible.KindOK && e.Changed {
		words[0] = "changed"
	}
	if e.Ignored {
		words = append(words, "ignored")
	}
	if !e.Message.IsZero() {
		words = append(words, e.Message.String())
	}
	return strings.Join(words, ": ")
}

// sum writes the last line of a host: Ansible's recap and the reason of a failure.
func sum(log *tasklog.Writer, host string, o HostOutcome) {
	if o.Reason.IsZero() {
		log.WriteMessage(tasklog.Line{Host: host}, i18n.Messagef("%s: %s", o.State, o.Recap))
		return
	}
	log.WriteMessage(tasklog.Line{Host: host, Level: tasklog.Error}, i18n.Messagef("%s: %s: %s", o.State, o.Recap, o.Reason))
}
