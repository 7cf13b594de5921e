import { Progress, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isOpen, recentTasksQuery, taskQuery } from "../../api/queries/tasks.ts";
import { TaskChip } from "../tasks/TaskChip.tsx";
import classes from "./Shell.module.css";

/** Sidebar card of the newest running task. */
export function RunningNow({ onFollow }: { onFollow: () => void }) {
  const { t } = useTranslation("common");
  const { data } = useQuery(recentTasksQuery);
  const running = data?.items.filter(isOpen) ?? [];
  // Lists come from an index without live progress, so read the task itself.
  const { data: newest } = useQuery({ ...taskQuery(running[0]?.id ?? ""), enabled: !!running[0] });
  const task = newest ?? running[0];
  if (!task || !running[0]) return null;
  const { done, total } = task.progress;
  return (
    <UnstyledButton
      className={classes.running}
      onClick={onFollow}
      renderRoot={(props) => <Link to="/tasks/$id" params={{ id: task.id }} {...props} />}
    >
      <TaskChip status={task.status} />
      <Text span size="sm" fw={600} lineClamp={2}>
        {task.title}
      </Text>
      <Progress
        value={total ? (100 * done) / total : 0}
        size="sm"
        aria-label={t("progress", { done, total })}
      />
      {running.length > 1 && (
        <Text span size="xs" c="dimmed">
          {t("andMore", { count: running.length - 1 })}
        </Text>
      )}
    </UnstyledButton>
  );
}
