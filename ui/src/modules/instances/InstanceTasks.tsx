import { Anchor, Group, Skeleton, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { tasksQuery } from "../../api/queries/tasks.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { TaskChip } from "../tasks/TaskChip.tsx";
import classes from "./instances.module.css";

/** The newest tasks on an instance, with a link to all of them. */
export function InstanceTasks({ id }: { id: string }) {
  const { t } = useTranslation(["instances", "tasks"]);
  const target = `instance:${id}`;
  const { data, error, refetch } = useInfiniteQuery(tasksQuery({ target }, 5));
  const tasks = data?.pages[0]?.items;
  if (error && !data) return <ErrorState error={error} onRetry={() => refetch()} />;
  if (!tasks) return <Skeleton height={48} />;
  if (tasks.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("noTasks")}
      </Text>
    );
  }
  return (
    <>
      <ul className={classes.tasks}>
        {tasks.map((task) => (
          <li key={task.id}>
            <Link className="plainlink" to="/tasks/$id" params={{ id: task.id }}>
              {task.title}
            </Link>
            <Group gap="xs">
              <TaskChip status={task.status} />
              <Text span size="xs" c="dimmed">
                <RelativeTime at={task.started_at} />
              </Text>
            </Group>
          </li>
        ))}
      </ul>
      <Anchor size="sm" renderRoot={(props) => <Link to="/tasks" search={{ target }} {...props} />}>
        {t("tasks:all")}
      </Anchor>
    </>
  );
}
