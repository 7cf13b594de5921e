import { Anchor, Grid, Progress, Stack, Text, Title } from "@mantine/core";
import { IconArrowLeft, IconTimeline } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isOpen } from "../../api/queries/tasks.ts";
import type { Task } from "../../api/types.ts";
import { CopyButton } from "../../components/CopyButton.tsx";
import { Facts } from "../../components/Facts.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { Panel } from "../../components/Panel.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { duration, useNow } from "../../components/time.ts";
import { OperationTimeline } from "../../modules/tasks/OperationTimeline.tsx";
import { Targets } from "../../modules/tasks/Targets.tsx";
import { TaskActions } from "../../modules/tasks/TaskActions.tsx";
import { TaskChip } from "../../modules/tasks/TaskChip.tsx";
import { TaskFault } from "../../modules/tasks/TaskFault.tsx";
import { TaskLog } from "../../modules/tasks/TaskLog.tsx";

export function TaskPageView({ task, admin }: { task: Task; admin: boolean }) {
  const { t } = useTranslation(["tasks", "common"]);
  const { done, total } = task.progress;
  return (
    <>
      <Anchor
        size="sm"
        display="inline-block"
        mb={6}
        renderRoot={(props) => <Link to="/tasks" {...props} />}
      >
        <IconArrowLeft size={14} aria-hidden /> {t("all")}
      </Anchor>
      <PageHeader title={task.title} intro={task.message} chip={<TaskChip status={task.status} />}>
        <TaskActions task={task} />
      </PageHeader>
      {isOpen(task) && (
        <Progress
          mb="lg"
          value={total ? (100 * done) / total : 0}
          aria-label={t("common:progress", { done, total })}
        />
      )}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack gap="md">
            <TaskFault task={task} />
            <Panel p="lg">
              <Title order={2} mb="md">
                {t("steps")}
              </Title>
              {task.steps?.length ? (
                <OperationTimeline steps={task.steps} />
              ) : (
                <Text c="dimmed">{t("noSteps")}</Text>
              )}
            </Panel>
            <TaskLog key={task.id} task={task} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <TaskFacts task={task} admin={admin} />
        </Grid.Col>
      </Grid>
    </>
  );
}

function TaskFacts({ task, admin }: { task: Task; admin: boolean }) {
  const { t } = useTranslation(["tasks", "common"]);
  const now = useNow(1_000);
  return (
    <Panel p="lg">
      <Facts
        rows={[
          [t("column.target"), <Targets key="t" targets={task.targets} />],
          [t("column.actor"), t("actorVia", { name: task.actor.name, via: t(`via.${task.via}`) })],
          [t("column.started"), <RelativeTime key="s" at={task.started_at} />],
          [t("column.ended"), task.ended_at ? <RelativeTime key="e" at={task.ended_at} /> : "—"],
          [
            t("column.duration"),
            duration(task.started_at, isOpen(task) ? undefined : task.ended_at, now),
          ],
          [
            t("column.id"),
            <span key="i">
              <Text span size="xs" ff="monospace" className="wrap">
                {task.id}
              </Text>
              <CopyButton value={task.id} label={t("column.id")} />
            </span>,
          ],
        ]}
      />
      {admin && task.links.temporal && (
        <Anchor href={task.links.temporal} size="sm" mt="md" display="block">
          <IconTimeline size={15} aria-hidden /> {t("openTemporal")}
        </Anchor>
      )}
    </Panel>
  );
}
