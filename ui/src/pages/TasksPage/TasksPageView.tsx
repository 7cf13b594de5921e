import { Table, Text } from "@mantine/core";
import { IconListCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isOpen, type TaskFilters } from "../../api/queries/tasks.ts";
import type { Task } from "../../api/types.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { MoreRows } from "../../components/MoreRows.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { Panel } from "../../components/Panel.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import tables from "../../components/table.module.css";
import { duration, useNow } from "../../components/time.ts";
import { TaskChip } from "../../modules/tasks/TaskChip.tsx";
import { TaskFilterBar } from "./TaskFilterBar.tsx";

export interface TasksPageViewProps {
  filters: TaskFilters;
  onFilters: (filters: TaskFilters) => void;
  tasks?: Task[];
  error: unknown;
  onRetry: () => void;
  more?: () => void;
  loadingMore: boolean;
}

export function TasksPageView(props: TasksPageViewProps) {
  const { t } = useTranslation("tasks");
  return (
    <>
      <PageHeader title={t("title")} intro={t("intro")} />
      <TaskFilterBar filters={props.filters} onChange={props.onFilters} />
      <TaskList {...props} />
    </>
  );
}

function TaskList({ tasks, error, onRetry, filters, more, loadingMore }: TasksPageViewProps) {
  const { t } = useTranslation("tasks");
  if (error && !tasks) return <ErrorState error={error} onRetry={onRetry} />;
  if (!tasks) return <LoadingRows />;
  if (tasks.length === 0) {
    const filtered = Object.values(filters).some(Boolean);
    return (
      <EmptyState
        icon={IconListCheck}
        title={filtered ? t("noneFound") : t("none")}
        text={filtered ? t("noneFoundText") : t("noneText")}
      />
    );
  }
  return (
    <>
      <Panel>
        <Table className={tables.table} aria-label={t("title")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("column.task")}</Table.Th>
              <Table.Th>{t("column.status")}</Table.Th>
              <Table.Th>{t("column.message")}</Table.Th>
              <Table.Th>{t("column.actor")}</Table.Th>
              <Table.Th>{t("column.started")}</Table.Th>
              <Table.Th>{t("column.duration")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tasks.map((task) => (
              <TaskRow key={task.id} task={task} />
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
      <MoreRows onMore={more} loading={loadingMore} count={tasks.length} />
    </>
  );
}

function TaskRow({ task }: { task: Task }) {
  const { t } = useTranslation("tasks");
  // Only open tasks need a ticking duration.
  const now = useNow(isOpen(task) ? 1_000 : 3_600_000);
  return (
    <Table.Tr>
      <Table.Td data-label={t("column.task")}>
        <Link className="plainlink" to="/tasks/$id" params={{ id: task.id }}>
          {task.title}
        </Link>
      </Table.Td>
      <Table.Td data-label={t("column.status")}>
        <TaskChip status={task.status} />
      </Table.Td>
      <Table.Td data-label={t("column.message")}>
        <Text size="sm" lineClamp={2} className="wrap">
          {task.error?.detail || task.message}
        </Text>
      </Table.Td>
      <Table.Td data-label={t("column.actor")}>{task.actor.name}</Table.Td>
      <Table.Td data-label={t("column.started")} className={tables.nowrap}>
        <RelativeTime at={task.started_at} />
      </Table.Td>
      <Table.Td data-label={t("column.duration")} className={tables.nowrap}>
        {duration(task.started_at, isOpen(task) ? undefined : task.ended_at, now)}
      </Table.Td>
    </Table.Tr>
  );
}
