import { Table, Text } from "@mantine/core";
import { IconTimelineEvent } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { stackEventsQuery } from "../../api/queries/stack.ts";
import type { StackEvent } from "../../api/types.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { Panel } from "../../components/Panel.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import tables from "../../components/table.module.css";
import { ResourceChip } from "./StatusChips.tsx";

/** Sorts events newest first; events within one second keep the cloud's order. */
function newestFirst(events: StackEvent[]): StackEvent[] {
  const isOldestFirst = (events[0]?.time ?? "") < (events.at(-1)?.time ?? "");
  return isOldestFirst ? events.toReversed() : events;
}

/** Heat events, newest first. */
export function EventsView({ live }: { live: boolean }) {
  const { t } = useTranslation("stack");
  const list = useQuery(stackEventsQuery(live));
  if (list.error && !list.data) {
    return <ErrorState error={list.error} onRetry={() => list.refetch()} />;
  }
  if (!list.data) return <LoadingRows />;
  if (list.data.items.length === 0) {
    return <EmptyState icon={IconTimelineEvent} title={t("noEvents")} text={t("noEventsText")} />;
  }
  const events = newestFirst(list.data.items);
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
          {events.map((event) => (
            <Table.Tr key={event.id}>
              <Table.Td data-label={t("column.name")}>
                <Text span size="sm" fw={600}>
                  {event.resource}
                </Text>
              </Table.Td>
              <Table.Td data-label={t("column.state")}>
                <ResourceChip state={event.state} still />
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
