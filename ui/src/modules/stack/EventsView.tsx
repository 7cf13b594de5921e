import { Table, Text } from "@mantine/core";
import { IconTimelineEvent } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { stackEventsQuery } from "../../api/queries/stack.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { Panel } from "../../components/Panel.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import tables from "../../components/table.module.css";
import { ResourceChip } from "./chips.tsx";

/** What Heat did, newest first. */
export function EventsView({ live }: { live: boolean }) {
  const { t } = useTranslation("stack");
  const events = useQuery(stackEventsQuery(live));
  if (events.error && !events.data) {
    return <ErrorState error={events.error} onRetry={() => events.refetch()} />;
  }
  if (!events.data) return <LoadingRows />;
  if (events.data.items.length === 0) {
    return <EmptyState icon={IconTimelineEvent} title={t("noEvents")} text={t("noEventsText")} />;
  }
  const newestFirst = [...events.data.items].sort((a, b) => b.time.localeCompare(a.time));
  return (
    <Panel>
      <Table className={tables.table} aria-label={t("view.events")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("column.name")}</Table.Th>
            <Table.Th>{t("column.state")}</Table.Th>
            <Table.Th>{t("column.reason")}</Table.Th>
            <Table.Th>{t("column.time")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {newestFirst.map((event) => (
            <Table.Tr key={event.id}>
              <Table.Td data-label={t("column.name")}>
                <Text span size="sm" fw={600}>
                  {event.resource}
                </Text>
              </Table.Td>
              <Table.Td data-label={t("column.state")}>
                <ResourceChip state={event.state} />
              </Table.Td>
              <Table.Td data-label={t("column.reason")} className="wrap">
                {event.reason}
              </Table.Td>
              <Table.Td data-label={t("column.time")} className={tables.nowrap}>
                <RelativeTime at={event.time} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}
