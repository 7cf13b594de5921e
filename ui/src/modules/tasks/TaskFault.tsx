import { Alert, Text } from "@mantine/core";
import { IconAlertTriangle, IconHandStop } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ProblemCode } from "../../api/problem.ts";
import type { Task } from "../../api/types.ts";

const known: ProblemCode[] = [
  "invalid",
  "unauthorized",
  "forbidden",
  "not_found",
  "conflict",
  "quota",
  "unavailable",
];

/** Error of a task: the unmodified detail and what to do next. */
export function TaskFault({ task }: { task: Task }) {
  const { t } = useTranslation(["tasks", "errors"]);
  if (!task.error?.code && !task.error?.detail) return null;
  const blocked = task.status === "blocked";
  const code = known.find((c) => c === task.error?.code) ?? "internal";
  return (
    <Alert
      color={blocked ? "yellow" : "red"}
      icon={blocked ? <IconHandStop /> : <IconAlertTriangle />}
      title={t(`errors:${code}.title`)}
    >
      {task.error.detail && (
        <Text size="sm" ff="monospace" className="wrap" mb="xs">
          {task.error.detail}
        </Text>
      )}
      <Text size="sm">{blocked ? t("blockedTodo") : t("failedTodo")}</Text>
    </Alert>
  );
}
