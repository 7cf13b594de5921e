import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Step } from "../../api/types.ts";
import { duration, useNow } from "../../components/time.ts";
import classes from "./OperationTimeline.module.css";
import { stepLooks } from "./TaskChip.tsx";

/** The steps of a task as they go: state, how long, which attempt, the last message. */
export function OperationTimeline({ steps }: { steps: Step[] }) {
  const { t } = useTranslation("tasks");
  return (
    <ol className={classes.list} aria-label={t("steps")}>
      {steps.map((step) => (
        <TimelineStep key={`${step.name}${step.undo}`} step={step} />
      ))}
    </ol>
  );
}

function TimelineStep({ step }: { step: Step }) {
  const { t } = useTranslation("tasks");
  const now = useNow(step.ended_at ? 3_600_000 : 1_000);
  const look = stepLooks[step.status];
  const Glyph = look.icon;
  return (
    <li className={classes.step} data-tone={look.tone} data-status={step.status}>
      <span className={classes.bullet}>
        <Glyph size={20} aria-hidden className={look.turning ? classes.turning : undefined} />
      </span>
      <div className={classes.body}>
        <div className={classes.line}>
          <Text span fw={600}>
            {step.title || step.name}
            {step.undo && ` (${t("undo")})`}
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
