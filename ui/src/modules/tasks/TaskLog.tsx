import { Anchor, Group, Skeleton, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { isOpen, taskLogQuery } from "../../api/queries/tasks.ts";
import type { Task } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { Panel } from "../../components/Panel.tsx";
import classes from "./TaskLog.module.css";

/** Lines kept on screen; the whole log is one click away as a file. */
const tail = 2_000;

export function TaskLog({ task }: { task: Task }) {
  const { t } = useTranslation("tasks");
  const log = useQuery(taskLogQuery(task.id, isOpen(task)));
  return (
    <Panel p="lg">
      <Group justify="space-between" mb="sm">
        <Title order={2}>{t("log")}</Title>
        <Anchor href={`/api/v1/tasks/${encodeURIComponent(task.id)}/log?format=text`} size="sm">
          {t("wholeLog")}
        </Anchor>
      </Group>
      {log.isPending && <Skeleton height={90} />}
      {log.error && <ErrorState error={log.error} onRetry={() => log.refetch()} />}
      {log.data !== undefined && <LogText text={log.data} />}
    </Panel>
  );
}

function LogText({ text }: { text: string }) {
  const { t } = useTranslation("tasks");
  const trimmed = text.trimEnd();
  if (!trimmed) return <Text c="dimmed">{t("noLog")}</Text>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <pre className={classes.log} tabIndex={0} role="log" aria-label={t("log")}>
      {trimmed.split("\n").slice(-tail).join("\n")}
    </pre>
  );
}
