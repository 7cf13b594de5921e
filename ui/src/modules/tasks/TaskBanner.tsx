import { Group, Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useLiveTask } from "../../api/live.ts";
import { isOpen, taskQuery } from "../../api/queries/tasks.ts";
import { Panel } from "../../components/Panel.tsx";
import { TaskActions } from "./TaskActions.tsx";
import { TaskChip } from "./TaskChip.tsx";
import { TaskFault } from "./TaskFault.tsx";

/** The task running on the object of the page, with Retry and Cancel. */
export function TaskBanner({ id }: { id: string }) {
  const { t } = useTranslation(["tasks", "common"]);
  const { data: task } = useQuery(taskQuery(id));
  useLiveTask(id, task ? isOpen(task) : false);
  if (!task) return null;
  const current = task.steps?.find((s) => s.status === "running" || s.status === "blocked");
  const { done, total } = task.progress;
  return (
    <Panel p="md" mb="md">
      <Stack gap="sm">
        <Group justify="space-between">
          <Group gap="sm">
            <TaskChip status={task.status} />
            <Link className="plainlink" to="/tasks/$id" params={{ id }}>
              {task.title}
            </Link>
          </Group>
          <TaskActions task={task} size="xs" />
        </Group>
        {isOpen(task) && (
          <Progress
            value={total ? (100 * done) / total : 0}
            aria-label={t("common:progress", { done, total })}
          />
        )}
        {!task.error && (task.message || current) && (
          <Text size="sm" c="dimmed" className="wrap">
            {task.message || current?.title}
          </Text>
        )}
        <TaskFault task={task} />
      </Stack>
    </Panel>
  );
}
