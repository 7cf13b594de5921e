import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { absoluteTime, relativeTime, useNow } from "./time.ts";

/** Relative time; the tooltip shows the absolute time in the browser's zone. */
export function RelativeTime({ at }: { at: string }) {
  const { i18n } = useTranslation();
  const now = useNow();
  return (
    <Tooltip
      label={absoluteTime(at, i18n.language)}
      events={{ hover: true, focus: true, touch: true }}
    >
      <time dateTime={at}>
        {relativeTime(at, i18n.language, Math.max(now, Date.now() - 10_000))}
      </time>
    </Tooltip>
  );
}
