import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClockX,
  IconHandStop,
  IconHourglassEmpty,
  IconLoader2,
  IconPlayerPause,
} from "@tabler/icons-react";
import { isOpen } from "../../api/queries/tasks.ts";
import type { Backup, BackupPlan } from "../../api/types.ts";
import type { StatusStyle } from "../../components/StatusChip.tsx";

export type PlanHealth = "ok" | "failed" | "missed" | "never" | "running" | "blocked";

export const planHealthStyles: Record<PlanHealth, StatusStyle> = {
  ok: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconCircleX },
  missed: { tone: "yellow", icon: IconClockX },
  never: { tone: "gray", icon: IconCircleDashed },
  running: { tone: "blue", icon: IconLoader2, spinning: true },
  blocked: { tone: "yellow", icon: IconHandStop },
};
/** Style of an overdue plan: two consecutive due runs produced no good backup of an instance. */
export const overdueStyle: StatusStyle = { tone: "red", icon: IconHourglassEmpty };
export const pausedStyle: StatusStyle = { tone: "gray", icon: IconPlayerPause };

type PlanRunState = Pick<BackupPlan, "last_run" | "missed_runs" | "next_runs">;

/** Returns the health of a plan from its last run; a run missed since then takes precedence over it. */
export function planHealth(plan: PlanRunState): PlanHealth {
  const run = plan.last_run;
  if (run && isOpen(run)) return run.status === "blocked" ? "blocked" : "running";
  if (run && run.status !== "succeeded") return "failed";
  if (plan.missed_runs > 0 && hasMissedSinceLastRun(plan)) return "missed";
  return run ? "ok" : "never";
}

/** The missed-run count never decreases, so the age of the last run decides whether a run is missing now. */
function hasMissedSinceLastRun({ last_run, next_runs }: PlanRunState): boolean {
  if (!last_run) return true;
  const times = next_runs.map((at) => new Date(at).getTime());
  const [next] = times;
  if (next === undefined) return false;
  const maxInterval = Math.max(0, ...times.slice(1).map((at, i) => at - (times[i] ?? at)));
  return maxInterval > 0 && next - new Date(last_run.started_at).getTime() > 1.5 * maxInterval;
}

export const verifyStyles: Record<Backup["verify_status"], StatusStyle> = {
  never: { tone: "gray", icon: IconCircleDashed },
  ok: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconAlertTriangle },
};
