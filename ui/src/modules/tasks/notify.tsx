import { Anchor, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconRocket } from "@tabler/icons-react";
import i18next from "i18next";
import { asApiError } from "../../api/problem.ts";
import { taskIdOf } from "../../api/taskId.ts";
import type { Task } from "../../api/types.ts";
import { taskStatusStyles } from "./TaskChip.tsx";

/** Notifies that a task has started, with a link to it. */
export function notifyStarted(task: Task) {
  notifications.show({
    color: "lagoon",
    icon: <IconRocket size={18} />,
    title: task.title,
    message: (
      <Anchor href={`/tasks/${encodeURIComponent(task.id)}`}>{i18next.t("tasks:view")}</Anchor>
    ),
    closeButtonProps: { "aria-label": i18next.t("common:close") },
  });
}

/** Notifies that a task has ended or is blocked. */
export function notifyTaskStopped(task: Task) {
  const { tone, icon: Glyph } = taskStatusStyles[task.status];
  notifications.show({
    id: task.id,
    color: tone,
    icon: <Glyph size={18} />,
    autoClose: task.status === "succeeded" ? 6_000 : 15_000,
    title: `${task.title}: ${i18next.t(`tasks:status.${task.status}`)}`,
    message: (
      <>
        {task.error?.detail && (
          <Text size="sm" lineClamp={3}>
            {task.error.detail}
          </Text>
        )}
        <Anchor href={`/tasks/${encodeURIComponent(task.id)}`}>{i18next.t("tasks:view")}</Anchor>
      </>
    ),
    closeButtonProps: { "aria-label": i18next.t("common:close") },
  });
}

/** Notifies that an action was refused: localized title and the unmodified detail. */
export function notifyError(error: unknown) {
  const { code, problem } = asApiError(error);
  const task = taskIdOf(problem?.task);
  notifications.show({
    color: "red",
    icon: <IconAlertTriangle size={18} />,
    autoClose: 12_000,
    title: i18next.t(`errors:${code}.title`),
    message: (
      <>
        <Text size="sm">{problem?.detail ?? i18next.t(`errors:${code}.todo`)}</Text>
        {task && (
          <Anchor href={`/tasks/${encodeURIComponent(task)}`}>
            {i18next.t("errors:viewTask")}
          </Anchor>
        )}
      </>
    ),
    closeButtonProps: { "aria-label": i18next.t("common:close") },
  });
}
