import type { BackupPlan, PlanSettings, Schedule } from "../../api/types.ts";
import { viewerZone, type Weekday } from "./schedule.ts";

type Soft = NonNullable<PlanSettings["soft"]>;

/** Form values of the wizard: every field is set, free text is a string. */
export interface PlanFormValues {
  name: string;
  instances: string[];
  method: PlanSettings["method"];
  consistencyGroup: boolean;
  directories: string[];
  engine: Soft["engine"];
  excludes: string;
  preHook: string;
  postHook: string;
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

/** Default values of a new plan, in the browser's time zone. */
export const emptyPlanForm = (instances: string[] = []): PlanFormValues => ({
  name: "",
  instances,
  method: "snapshot",
  consistencyGroup: false,
  directories: ["/data", "/config"],
  engine: "restic",
  excludes: "",
  preHook: "",
  postHook: "",
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

/** Returns the form values of an existing plan; fields that do not apply to it have their defaults. */
export function toPlanForm(plan: BackupPlan): PlanFormValues {
  const empty = emptyPlanForm();
  const { soft, schedule, retention } = plan;
  const isSoft = plan.method === "soft";
  return {
    ...empty,
    name: plan.name,
    instances: plan.instances,
    method: plan.method,
    consistencyGroup: plan.snapshot?.consistency_group ?? false,
    directories: isSoft ? (plan.directories ?? []) : empty.directories,
    engine: soft?.engine || "restic",
    excludes: (soft?.excludes ?? []).join("\n"),
    preHook: soft?.pre_hook ?? "",
    postHook: soft?.post_hook ?? "",
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

/** Returns the schedule with only the fields that its frequency needs. */
export function toSchedule(values: PlanFormValues): Schedule {
  const { frequency } = values;
  const timed = frequency !== "cron";
  return {
    frequency,
    time_zone: values.timeZone,
    time: timed ? values.time : undefined,
    weekday: frequency === "weekly" ? values.weekday : undefined,
    day_of_month: frequency === "monthly" ? number(values.dayOfMonth) : undefined,
    cron: timed ? undefined : values.cron.trim(),
    jitter_seconds: number(values.jitter),
  };
}

export function toPlanSettings(values: PlanFormValues): PlanSettings {
  const soft = values.method === "soft";
  return {
    name: values.name.trim(),
    instances: values.instances,
    method: values.method,
    directories: soft ? values.directories : undefined,
    soft: soft ? toSoftOptions(values) : undefined,
    snapshot: !soft && values.consistencyGroup ? { consistency_group: true } : undefined,
    schedule: toSchedule(values),
    catch_up_seconds: values.catchUp,
    retention: {
      keep_last: number(values.keepLast),
      daily: number(values.daily),
      weekly: number(values.weekly),
      monthly: number(values.monthly),
    },
  };
}

function toSoftOptions(values: PlanFormValues): Soft {
  return {
    engine: values.engine,
    excludes: lines(values.excludes),
    pre_hook: values.preHook.trim() || undefined,
    post_hook: values.postHook.trim() || undefined,
    on_hook_error: values.onHookError,
    limit_kib_per_second: number(values.limit),
  };
}

export type PlanFormError =
  | "name"
  | "instances"
  | "directories"
  | "absolute"
  | "time"
  | "dayOfMonth"
  | "cron";

type Errors = Partial<Record<keyof PlanFormValues, PlanFormError>>;

/** Returns the errors of each wizard step by field. */
export function validatePlanForm(values: PlanFormValues): [Errors, Errors, Errors] {
  const methodErrors: Errors = {};
  if (values.method === "soft") {
    if (values.directories.length === 0) methodErrors.directories = "directories";
    else if (values.directories.some((d) => !d.startsWith("/")))
      methodErrors.directories = "absolute";
  }
  if (values.frequency === "cron") {
    if (values.cron.trim().split(/\s+/).length !== 5) methodErrors.cron = "cron";
  } else {
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(values.time)) methodErrors.time = "time";
    if (values.frequency === "monthly" && values.dayOfMonth === "")
      methodErrors.dayOfMonth = "dayOfMonth";
  }
  return [
    values.name.trim() ? {} : { name: "name" },
    values.instances.length > 0 ? {} : { instances: "instances" },
    methodErrors,
  ];
}
