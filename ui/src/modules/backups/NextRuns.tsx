import { Alert, Stack, Table, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { asApiError } from "../../api/problem.ts";
import { schedulePreviewQuery } from "../../api/queries/backups.ts";
import type { Occurrence, Schedule } from "../../api/types.ts";
import { LoadingRows } from "../../components/Loading.tsx";
import tables from "../../components/table.module.css";
import { sameClock, viewerZone, wallTime } from "./schedule.ts";

/** Shows the next runs of the edited schedule as computed by the server. */
export function SchedulePreview({ schedule }: { schedule: Schedule }) {
  // Compare by value: every render of the form creates a new schedule object.
  const key = JSON.stringify(schedule);
  const [debounced] = useDebouncedValue(key, 350);
  const query = useMemo(() => schedulePreviewQuery(JSON.parse(debounced) as Schedule), [debounced]);
  const { data, error } = useQuery({ ...query, placeholderData: keepPreviousData });
  if (error) {
    const { problem, message } = asApiError(error);
    const texts = problem?.errors?.map((e) => e.message) ?? [problem?.detail ?? message];
    return (
      <Alert color="yellow" icon={<IconAlertTriangle />} role="status">
        {texts.map((text) => (
          <Text key={text} size="sm">
            {text}
          </Text>
        ))}
      </Alert>
    );
  }
  if (!data) return <LoadingRows rows={10} height={24} />;
  return <NextRuns occurrences={data.occurrences} zone={schedule.time_zone} />;
}

/** Next runs in the browser's and, if different, the plan's time zone, with DST and month adjustments. */
export function NextRuns({ occurrences, zone }: { occurrences: Occurrence[]; zone: string }) {
  const { t, i18n } = useTranslation("backups");
  const browserZone = viewerZone();
  const both = occurrences.some((o) => !sameClock(o.at, browserZone, zone));
  return (
    <Table className={tables.table} aria-label={t("nextRuns")}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("yourTime", { zone: browserZone })}</Table.Th>
          {both && <Table.Th>{t("planTime", { zone })}</Table.Th>}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {occurrences.map((o) => (
          <Table.Tr key={o.at}>
            <Table.Td>
              <Stack gap={2}>
                <time dateTime={o.at}>{wallTime(o.at, i18n.language, browserZone)}</time>
                {o.adjustment && (
                  <Text span size="xs" c="dimmed">
                    <IconInfoCircle size={13} aria-hidden /> {t(`adjustment.${o.adjustment}`)}
                  </Text>
                )}
              </Stack>
            </Table.Td>
            {both && (
              <Table.Td data-label={t("planTimeShort")}>
                {wallTime(o.at, i18n.language, zone)}
              </Table.Td>
            )}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
