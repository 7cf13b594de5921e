import { Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isOpen } from "../../api/queries/tasks.ts";
import type { Task } from "../../api/types.ts";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { duration, useNow } from "../../components/time.ts";
import classes from "../../modules/backups/backups.module.css";
import { TaskChip } from "../../modules/tasks/TaskChip.tsx";

/** The newest runs of a plan; each run is a task. */
export function PlanRuns({ runs }: { runs: Task[] }) {
  const { t } = useTranslation("backups");
  const now = useNow();
  if (runs.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("noRuns")}
      </Text>
    );
  }
  return (
    <ul className={classes.list} aria-label={t("runs")}>
      {runs.map((run) => (
        <li key={run.id}>
          <div>
            <Link className="plainlink" to="/tasks/$id" params={{ id: run.id }}>
              <RelativeTime at={run.started_at} />
            </Link>
            {(run.error?.detail || run.message) && (
              <Text size="xs" c="dimmed" lineClamp={2} className="wrap">
                {run.error?.detail || run.message}
              </Text>
            )}
          </div>
          <Group gap="xs">
            <Text span size="xs" c="dimmed">
              {duration(run.started_at, isOpen(run) ? undefined : run.ended_at, now)}
            </Text>
            <TaskChip status={run.status} />
          </Group>
        </li>
      ))}
    </ul>
  );
}
