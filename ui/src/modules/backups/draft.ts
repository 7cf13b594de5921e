import type { BackupPlan, PlanSettings, Schedule } from "../../api/types.ts";
import { viewerZone, type Weekday } from "./schedule.ts";

type Soft = NonNullable<PlanSettings["soft"]>;

/** What the wizard's fields hold: every field always there, texts where people type. */
export interface PlanDraft {
  name: string;
  instances: string[];
  method: PlanSettings["method"];
  together: boolean;
  directories: string[];
  engine: Soft["engine"];
  excludes: string;
  before: string;
  after: string;
  onHookError: Soft["on_hook_error"];
  limit: number | "";
  frequency: Schedule["frequency"];
  time: string;
  weekday: Weekday;
  dayOfMonth: number | "";
  cron: string;
  timeZone: string;
  jitter: number | "";
  catchUp: number;
  keepLast: number | "";
  daily: number | "";
  weekly: number | "";
  monthly: number | "";
}

/** A plan as one begins it: what the first version offered, in the browser's zone. */
export const emptyDraft = (instances: string[] = []): PlanDraft => ({
  name: "",
  instances,
  method: "snapshot",
  together: false,
  directories: ["/data", "/config"],
  engine: "restic",
  excludes: "",
  before: "",
  after: "",
  onHookError: "fail",
  limit: "",
  frequency: "daily",
  time: "02:30",
  weekday: "sunday",
  dayOfMonth: 1,
  cron: "30 2 * * *",
  timeZone: viewerZone(),
  jitter: "",
  catchUp: 3600,
  keepLast: 7,
  daily: "",
  weekly: "",
  monthly: "",
});

/** The fields of a plan that is there; what does not apply to it begins as in a new one. */
export function draftOf(plan: BackupPlan): PlanDraft {
  const empty = emptyDraft();
  const { soft, schedule, retention } = plan;
  const isSoft = plan.method === "soft";
  return {
    ...empty,
    name: plan.name,
    instances: plan.instances,
    method: plan.method,
    together: plan.snapshot?.together ?? false,
    directories: isSoft ? (plan.directories ?? []) : empty.directories,
    engine: soft?.engine || "restic",
    excludes: (soft?.excludes ?? []).join("\n"),
    before: soft?.before ?? "",
    after: soft?.after ?? "",
    onHookError: soft?.on_hook_error || "fail",
    limit: soft?.limit_kib_per_second || "",
    frequency: schedule.frequency,
    time: schedule.time || empty.time,
    weekday: schedule.weekday || empty.weekday,
    dayOfMonth: schedule.day_of_month || empty.dayOfMonth,
    cron: schedule.cron || empty.cron,
    timeZone: schedule.time_zone,
    jitter: schedule.jitter_seconds || "",
    catchUp: plan.catch_up_seconds,
    keepLast: retention?.keep_last || "",
    daily: retention?.daily || "",
    weekly: retention?.weekly || "",
    monthly: retention?.monthly || "",
  };
}

const number = (value: number | "") => (value === "" ? undefined : value);
const lines = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** Only what the frequency needs. */
export function scheduleOf(draft: PlanDraft): Schedule {
  const { frequency } = draft;
  const timed = frequency !== "cron";
  return {
    frequency,
    time_zone: draft.timeZone,
    time: timed ? draft.time : undefined,
    weekday: frequency === "weekly" ? draft.weekday : undefined,
    day_of_month: frequency === "monthly" ? number(draft.dayOfMonth) : undefined,
    cron: timed ? undefined : draft.cron.trim(),
    jitter_seconds: number(draft.jitter),
  };
}

export function settingsOf(draft: PlanDraft): PlanSettings {
  const soft = draft.method === "soft";
  return {
    name: draft.name.trim(),
    instances: draft.instances,
    method: draft.method,
    directories: soft ? draft.directories : undefined,
    soft: soft ? softOf(draft) : undefined,
    snapshot: !soft && draft.together ? { together: true } : undefined,
    schedule: scheduleOf(draft),
    catch_up_seconds: draft.catchUp,
    retention: {
      keep_last: number(draft.keepLast),
      daily: number(draft.daily),
      weekly: number(draft.weekly),
      monthly: number(draft.monthly),
    },
  };
}

function softOf(draft: PlanDraft): Soft {
  return {
    engine: draft.engine,
    excludes: lines(draft.excludes),
    before: draft.before.trim() || undefined,
    after: draft.after.trim() || undefined,
    on_hook_error: draft.onHookError,
    limit_kib_per_second: number(draft.limit),
  };
}

export type DraftFault =
  | "name"
  | "instances"
  | "directories"
  | "absolute"
  | "time"
  | "dayOfMonth"
  | "cron";

type Faults = Partial<Record<keyof PlanDraft, DraftFault>>;

/** What is wrong on each step of the wizard, by field. */
export function faultsOf(draft: PlanDraft): [Faults, Faults, Faults] {
  const how: Faults = {};
  if (draft.method === "soft") {
    if (draft.directories.length === 0) how.directories = "directories";
    else if (draft.directories.some((d) => !d.startsWith("/"))) how.directories = "absolute";
  }
  if (draft.frequency === "cron") {
    if (draft.cron.trim().split(/\s+/).length !== 5) how.cron = "cron";
  } else {
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(draft.time)) how.time = "time";
    if (draft.frequency === "monthly" && draft.dayOfMonth === "") how.dayOfMonth = "dayOfMonth";
  }
  return [
    draft.name.trim() ? {} : { name: "name" },
    draft.instances.length > 0 ? {} : { instances: "instances" },
    how,
  ];
}
