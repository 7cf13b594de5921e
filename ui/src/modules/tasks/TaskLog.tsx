import { Alert, Group, Skeleton, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { isOpen } from "../../api/queries/tasks.ts";
import type { Task } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { Panel } from "../../components/Panel.tsx";
import { LogTools } from "./LogTools.tsx";
import { LogViewer, type LogViewerHandle } from "./LogViewer.tsx";
import { useFindInLog } from "./useFindInLog.ts";
import { useTaskLog } from "./useTaskLog.ts";

/** The log of a task: live, searched on the server, and fetched only where visible. */
export function TaskLog({ task }: { task: Task }) {
  const { t } = useTranslation("tasks");
  const { head, live } = useTaskLog(task.id, isOpen(task));
  const viewer = useRef<LogViewerHandle>(null);
  const [following, setFollowing] = useState(true);
  const find = useFindInLog(task.id, (position) => {
    setFollowing(false);
    viewer.current?.show(position);
  });
  const log = head.data;
  return (
    <Panel p="lg">
      <Group justify="space-between" mb="sm">
        <Title order={2}>{t("log")}</Title>
        {log && (
          <Text size="sm" c="dimmed">
            {t("logOf.lines", { count: log.total })}
          </Text>
        )}
      </Group>
      {head.isPending && <Skeleton height={90} />}
      {!log && head.error && <ErrorState error={head.error} onRetry={() => head.refetch()} />}
      {log?.incomplete_reason && (
        <Alert color="yellow" icon={<IconAlertTriangle />} mb="sm">
          {t("logOf.incomplete", { reason: log.incomplete_reason })}
        </Alert>
      )}
      {log && log.total === 0 && <Text c="dimmed">{t("noLog")}</Text>}
      {log && log.total > 0 && (
        <>
          <LogTools
            id={task.id}
            errors={log.errors}
            find={find}
            live={live}
            following={following}
            onFollow={setFollowing}
          />
          <LogViewer
            ref={viewer}
            id={task.id}
            total={log.total}
            steps={new Map(task.steps.map((step) => [step.name, step.title]))}
            follow={live && following}
            onLeave={() => setFollowing(false)}
            marked={find.found?.position}
          />
        </>
      )}
    </Panel>
  );
}
