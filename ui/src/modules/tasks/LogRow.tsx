import { IconAlertTriangle, IconCircleX, IconTerminal2 } from "@tabler/icons-react";
import dayjs from "dayjs";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { LogLine } from "../../api/types.ts";
import classes from "./TaskLog.module.css";

interface Props {
  position: number;
  line?: LogLine;
  /** Title of the step, shown for lines without a host. */
  step?: string;
}

/** One log line: time, source and message; errors and warnings have an icon and a label. */
export const LogRow = memo(function LogRow({ position, line, step }: Props) {
  const { t } = useTranslation("tasks");
  return (
    <>
      <span className={classes.number} aria-hidden>
        {position + 1}
      </span>
      {line ? (
        <>
          <time className={classes.time} dateTime={line.time} title={line.time}>
            {dayjs(line.time).format("HH:mm:ss.SSS")}
          </time>
          <span className={classes.text}>
            <Marks line={line} />
            <Source line={line} step={step} />
            {line.message}
          </span>
        </>
      ) : (
        <span className={classes.text}>{t("logOf.loading")}</span>
      )}
    </>
  );
});

function Source({ line, step }: Pick<Props, "step"> & { line: LogLine }) {
  const source = [line.host ?? step, line.task].filter(Boolean);
  if (source.length === 0) return null;
  return <span className={classes.source}>{source.join(" · ")} </span>;
}

function Marks({ line }: { line: LogLine }) {
  const { t } = useTranslation("tasks");
  return (
    <>
      {line.level === "error" && (
        <span className={classes.mark} data-tone="red">
          <IconCircleX size={13} aria-hidden /> {t("logOf.error")}
        </span>
      )}
      {line.level === "warning" && (
        <span className={classes.mark} data-tone="yellow">
          <IconAlertTriangle size={13} aria-hidden /> {t("logOf.warning")}
        </span>
      )}
      {line.stream === "stderr" && (
        <span className={classes.mark} data-tone="gray">
          <IconTerminal2 size={13} aria-hidden /> {t("logOf.stderr")}
        </span>
      )}
    </>
  );
}
