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
import type { Look } from "../../components/StatusChip.tsx";

export type PlanHealth = "ok" | "failed" | "missed" | "never" | "running" | "blocked";

export const planLooks: Record<PlanHealth, Look> = {
  ok: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconCircleX },
  missed: { tone: "yellow", icon: IconClockX },
  never: { tone: "gray", icon: IconCircleDashed },
  running: { tone: "blue", icon: IconLoader2, turning: true },
  blocked: { tone: "yellow", icon: IconHandStop },
};
/** Two due times in a row have brought no good backup of an instance. */
export const staleLook: Look = { tone: "red", icon: IconHourglassEmpty };
export const pausedLook: Look = { tone: "gray", icon: IconPlayerPause };

type Standing = Pick<BackupPlan, "last_run" | "missed_runs" | "next_runs">;

/** How a plan does, by its last run; a run that was missed since then counts more than one before. */
export function planHealth(plan: Standing): PlanHealth {
  const run = plan.last_run;
  if (run && isOpen(run)) return run.status === "blocked" ? "blocked" : "running";
  if (run && run.status !== "succeeded") return "failed";
  if (plan.missed_runs > 0 && lastOneMissed(plan)) return "missed";
  return run ? "ok" : "never";
}

/** The count of missed runs never falls, so the time of the last run says whether one is still lacking. */
function lastOneMissed({ last_run, next_runs }: Standing): boolean {
  if (!last_run) return true;
  const times = next_runs.map((at) => new Date(at).getTime());
  const [next] = times;
  if (next === undefined) return false;
  const longest = Math.max(0, ...times.slice(1).map((at, i) => at - (times[i] ?? at)));
  return longest > 0 && next - new Date(last_run.at).getTime() > 1.5 * longest;
}

export const verifyLooks: Record<Backup["verify_status"], Look> = {
  never: { tone: "gray", icon: IconCircleDashed },
  ok: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconAlertTriangle },
};
