import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { TaskStep } from "../../api/types.ts";
import { duration, useNow } from "../../components/time.ts";
import classes from "./OperationTimeline.module.css";
import { stepStatusStyles } from "./TaskChip.tsx";

/** The steps of a task with status, duration, attempt and last message. */
export function OperationTimeline({ steps }: { steps: TaskStep[] }) {
  const { t } = useTranslation("tasks");
  return (
    <ol className={classes.list} aria-label={t("steps")}>
      {steps.map((step) => (
        <TimelineStep key={`${step.name}${step.undo}`} step={step} />
      ))}
    </ol>
  );
}

function TimelineStep({ step }: { step: TaskStep }) {
  const { t } = useTranslation("tasks");
  const now = useNow(step.ended_at ? 3_600_000 : 1_000);
  const style = stepStatusStyles[step.status];
  const Glyph = style.icon;
  return (
    <li className={classes.step} data-tone={style.tone} data-status={step.status}>
      <span className={classes.bullet}>
        <Glyph size={20} aria-hidden className={style.spinning ? classes.spinning : undefined} />
      </span>
      <div className={classes.body}>
        <div className={classes.line}>
          <Text span fw={600}>
            {step.title || step.name}
            {step.undo && ` (${t("rolledBack")})`}
          </Text>
          <Text span size="xs" c="dimmed" className={classes.meta}>
            {t(`stepStatus.${step.status}`)}
            {step.started_at && ` · ${duration(step.started_at, step.ended_at, now)}`}
            {step.attempt > 1 && ` · ${t("attempt", { n: step.attempt })}`}
          </Text>
        </div>
        {step.message && (
          <Text size="sm" c="dimmed" className="wrap">
            {step.message}
          </Text>
        )}
      </div>
    </li>
  );
}
