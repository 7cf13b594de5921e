import { Text, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { relativeTime, useNow } from "../../components/time.ts";
import { sameClock, viewerZone, wallTime } from "./schedule.ts";

/** A time in the browser's time zone and, if different, in the plan's time zone. */
export function PlanTime({ at, zone }: { at: string; zone: string }) {
  const { i18n } = useTranslation();
  const language = i18n.language;
  const browserZone = viewerZone();
  const now = useNow();
  return (
    <span>
      <Tooltip
        label={relativeTime(at, language, now)}
        events={{ hover: true, focus: true, touch: true }}
      >
        <time dateTime={at}>{wallTime(at, language, browserZone)}</time>
      </Tooltip>
      {!sameClock(at, browserZone, zone) && (
        <Text size="xs" c="dimmed">
          {wallTime(at, language, zone)} {zone}
        </Text>
      )}
    </span>
  );
}
