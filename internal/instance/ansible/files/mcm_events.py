"""Writes the events of a playbook as one JSON object per line to the file descriptor in MCM_EVENTS_FD."""
from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: mcm_events
type: notification
short_description: events for MyCloudManager
description: Writes selected fields of every result. Results of tasks with no_log are already censored by Ansible.
requirements: [the environment variable MCM_EVENTS_FD]
"""

MESSAGE, OUTPUT = 4096, 16384


def text(value, limit):
    if value is None:
        return ""
    if not isinstance(value, str):
        value = json.dumps(value, default=str, ensure_ascii=False)
    value = value.strip()
    return value if len(value) <= limit else value[:limit] + " […]"


def cause(values):
    """Returns the values of the first failed facts module, because the result of the task has only the name of the module."""
    return next(iter((values.get("failed_modules") or {}).values()), values)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "mcm_events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        fd = int(os.environ["MCM_EVENTS_FD"])
        os.set_inheritable(fd, False)  # otherwise a background ssh would keep it open after the run
        self.out = os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace")

    def emit(self, kind, **fields):
        fields.update(kind=kind, at=time.time())
        self.out.write(json.dumps(fields, default=str) + "\n")
        self.out.flush()

    def result(self, kind, result, message=None, **fields):
        # A censored result has only the field "censored" with an explanation.
        values = cause(result._result)
        if message is None:
            message = values.get("msg", values.get("censored", values.get("reason")))
        stdout = values.get("stdout") or values.get("module_stdout") or ""
        stderr = values.get("stderr") or values.get("module_stderr") or ""
        self.emit(
            kind, host=result._host.get_name(), task=result._task.get_name(), action=result._task.action,
            changed=bool(result._result.get("changed")), message=text(message, MESSAGE), stdout=text(stdout, OUTPUT), stderr=text(stderr, OUTPUT), **fields)

    def v2_playbook_on_play_start(self, play):
        self.emit("play", message=play.get_name())

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.emit("task", task=task.get_name(), action=task.action)

    def v2_playbook_on_handler_task_start(self, task):
        self.emit("task", task=task.get_name(), action=task.action)

    def v2_runner_on_start(self, host, task):
        self.emit("start", host=host.get_name(), task=task.get_name(), action=task.action)

    def v2_runner_on_ok(self, result):
        # On success, only messages that the playbook author wrote; other modules are verbose.
        message = None if result._task.action in ("debug", "ansible.builtin.debug", "assert", "ansible.builtin.assert") else ""
        self.result("ok", result, message=message)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.result("failed", result, ignored=bool(ignore_errors))

    def v2_runner_on_unreachable(self, result):
        self.result("unreachable", result)

    def v2_runner_on_skipped(self, result):
        self.result("skipped", result, message=result._result.get("skip_reason", ""))

    def v2_runner_retry(self, result):
        values = result._result
        self.result("retry", result, message="try %s of %s failed" % (values.get("attempts"), values.get("retries")))

    def item(self, result):
        return text(self._get_item_label(result._result), 256)

    def v2_runner_item_on_ok(self, result):
        self.result("item", result, message=self.item(result))

    def v2_runner_item_on_skipped(self, result):
        pass

    def v2_runner_item_on_failed(self, result):
        values = result._result
        reason = text(values.get("msg", values.get("censored")), MESSAGE)
        self.result("item", result, message="%s: %s" % (self.item(result), reason), failed=True)

    def v2_playbook_on_stats(self, stats):
        self.emit("stats", stats={host: stats.summarize(host) for host in stats.processed})
