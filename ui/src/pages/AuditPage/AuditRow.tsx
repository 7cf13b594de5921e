import { Table, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconCircleX,
  IconLock,
  IconPlayerPlay,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { outcomes, vias } from "../../api/queries/audit.ts";
import { taskIdOf } from "../../api/taskId.ts";
import type { AuditRecord } from "../../api/types.ts";
import { Changes } from "../../components/Changes.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { StatusChip, type StatusStyle } from "../../components/StatusChip.tsx";
import tables from "../../components/table.module.css";

const outcomeStyles: Record<(typeof outcomes)[number], StatusStyle> = {
  started: { tone: "blue", icon: IconPlayerPlay },
  succeeded: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconCircleX },
  partially_failed: { tone: "red", icon: IconAlertTriangle },
  cancelled: { tone: "gray", icon: IconBan },
  timed_out: { tone: "red", icon: IconCircleX },
  refused: { tone: "yellow", icon: IconLock },
};

export function AuditRow({ record }: { record: AuditRecord }) {
  const { t } = useTranslation(["audit", "tasks"]);
  const taskId = taskIdOf(record.task);
  return (
    <Table.Tr>
      <Table.Td data-label={t("column.time")} className={tables.nowrap}>
        <RelativeTime at={record.time} />
      </Table.Td>
      <Table.Td data-label={t("column.actor")}>{record.actor.name}</Table.Td>
      <Table.Td data-label={t("column.action")}>
        {taskId ? (
          <Link className="plainlink" to="/tasks/$id" params={{ id: taskId }}>
            {record.title}
          </Link>
        ) : (
          <Text span size="sm" fw={600}>
            {record.title}
          </Text>
        )}
        {record.detail && (
          <Text size="xs" className="wrap">
            {record.detail}
          </Text>
        )}
      </Table.Td>
      <Table.Td data-label={t("column.changes")}>
        {record.changes?.length ? <Changes changes={record.changes} /> : null}
      </Table.Td>
      <Table.Td data-label={t("column.outcome")}>
        <Outcome outcome={record.outcome} />
      </Table.Td>
      <Table.Td data-label={t("column.source")}>
        {t(`tasks:via.${viaOf(record.via)}`)}
        {record.source_ip && (
          <Text size="xs" c="dimmed" title={record.user_agent}>
            {record.source_ip}
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Outcome({ outcome }: { outcome: string }) {
  const { t } = useTranslation(["audit", "tasks"]);
  const known = outcomes.find((o) => o === outcome);
  if (!known) return <Text size="sm">{outcome}</Text>;
  return <StatusChip statusStyle={outcomeStyles[known]} label={t(`outcome.${known}`)} />;
}

const viaOf = (via: string) => vias.find((v) => v === via) ?? "api";
