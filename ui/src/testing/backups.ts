import type {
  Backup,
  BackupFile,
  BackupPlan,
  NotificationChannel,
  Occurrence,
  RetentionDecision,
} from "../api/types.ts";
import { MockInstances } from "./fixtures.ts";

const hour = 3_600_000;
/** Returns a time relative to now, truncated to the hour so that it is stable within a test. */
const inHours = (hours: number) =>
  new Date(Math.floor(Date.now() / hour) * hour + hours * hour).toISOString();
const idOf = (name: string) => MockInstances.find((i) => i.name === name)?.id ?? "";

export const MockOccurrences: Occurrence[] = Array.from({ length: 10 }, (_, n) => {
  const at = inHours(8 + 24 * n);
  return { at, local: at, adjustment: n === 2 ? "dst_gap" : n === 5 ? "dst_overlap" : undefined };
});

const MockNightly: BackupPlan = {
  id: "0193aa00-0000-7000-8000-000000000001",
  name: "Demo",
  instances: [idOf("web-1"), idOf("build-1"), idOf("legacy"), idOf("web-2")],
  method: "snapshot",
  directories: [],
  schedule: { frequency: "daily", time: "12:00", time_zone: "Europe/Paris" },
  catch_up_seconds: 3600,
  retention: { keep_last: 7, weekly: 4 },
  paused: false,
  note: "",
  next_runs: MockOccurrences.map((o) => o.at),
  occurrences: MockOccurrences,
  last_run: { task: "plan:demo~1", status: "succeeded", started_at: inHours(-16) },
  missed_runs: 0,
  overlap_skipped_runs: 0,
  created_at: inHours(-900),
  created_by: { id: "u1", name: "demo" },
  etag: '"1"',
};

export const MockPlans: BackupPlan[] = [
  MockNightly,
  {
    ...MockNightly,
    id: "0193aa00-0000-7000-8000-000000000002",
    name: "Web data, weekly",
    instances: [idOf("web-1")],
    method: "soft",
    directories: ["/data", "/config"],
    soft: {
      engine: "restic",
      excludes: ["*.cache", "/data/tmp"],
      pre_hook: "pg_dumpall > /data/all.sql",
      on_hook_error: "continue",
      limit_kib_per_second: 4096,
    },
    schedule: { frequency: "weekly", weekday: "sunday", time: "02:30", time_zone: "Asia/Tokyo" },
    last_run: { task: "plan:web~1", status: "failed", started_at: inHours(-30) },
    missed_runs: 2,
    overdue_since: inHours(-6),
    overdue_instances: [
      { instance: idOf("web-1"), since: inHours(-6), last_backup_at: inHours(-350) },
    ],
  },
  {
    ...MockNightly,
    id: "0193aa00-0000-7000-8000-000000000003",
    name: "Legacy, monthly",
    instances: [idOf("legacy")],
    schedule: {
      frequency: "monthly",
      day_of_month: 31,
      time: "04:00",
      time_zone: "UTC",
      jitter_seconds: 300,
    },
    paused: true,
    note: "until the move to the new rack is over",
    next_runs: [],
    occurrences: [],
    last_run: undefined,
  },
  {
    ...MockNightly,
    id: "0193aa00-0000-7000-8000-000000000004",
    name: "Build, on workdays",
    instances: [idOf("build-1")],
    schedule: { frequency: "cron", cron: "30 2 * * 1-5", time_zone: "UTC" },
    last_run: { task: "plan:build~1", status: "succeeded", started_at: inHours(-200) },
    missed_runs: 1,
    retention: {},
  },
];

const MockSnapshot: Backup = {
  id: "s-1c0f0000-0000-4000-8000-000000000001",
  instance: idOf("web-1"),
  instance_name: "web-1",
  plan: MockNightly.id,
  plan_name: "Demo",
  task: "plan:demo~1",
  method: "snapshot",
  created_at: inHours(-16),
  size_bytes: 2_361_393_152,
  changed_bytes: 2_361_393_152,
  duration_seconds: 94.2,
  consistency: "cold",
  checksum: "sha512:9f1c",
  verified_at: inHours(-15),
  verify_status: "ok",
  last_restore_test_at: null,
  expires_at: null,
  held: false,
  image: "1c0f0000-0000-4000-8000-000000000001",
};

export const MockBackups: Backup[] = [
  MockSnapshot,
  {
    ...MockSnapshot,
    id: `f-${idOf("web-1")}.77aa01`,
    plan: MockPlans[1]?.id ?? "",
    plan_name: "Web data, weekly",
    method: "soft",
    engine: "restic",
    directories: ["/data", "/config"],
    created_at: inHours(-30),
    size_bytes: 812_000_000,
    file_count: 12_345,
    changed_bytes: 4_100_000,
    duration_seconds: 7,
    consistency: "file",
    last_restore_test_at: inHours(-20),
    held: true,
    image: undefined,
  },
  {
    ...MockSnapshot,
    id: "s-1c0f0000-0000-4000-8000-000000000002",
    created_at: inHours(-40),
    verified_at: inHours(-39),
    verify_status: "failed",
    verify_detail: "the image's checksum is not what was stored",
  },
  {
    ...MockSnapshot,
    id: "s-1c0f0000-0000-4000-8000-000000000003",
    instance: idOf("legacy"),
    instance_name: "legacy",
    plan: "",
    plan_name: "",
    pre_restore: true,
    created_at: inHours(-64),
    verified_at: null,
    verify_status: "never",
  },
];

export const MockRetention: RetentionDecision[] = [
  { backup: MockSnapshot, keep: true, reason: "last" },
  { backup: MockBackups[2] as Backup, keep: false, reason: "expired" },
];

export const MockChannels: NotificationChannel[] = [
  {
    id: "mail",
    kind: "mail",
    address: "ops@example.org, on-call@example.org",
    last: {
      status: "delivered",
      attempted_at: inHours(-6),
      kind: "overdue",
      plan_name: "Web data, weekly",
    },
  },
  {
    id: "webhook-1",
    kind: "webhook",
    address: "https://chat.example.org/hooks/backups",
    last: {
      status: "retrying",
      reason: "the webhook responds 503",
      attempted_at: inHours(-6),
      kind: "overdue",
      plan_name: "Web data, weekly",
    },
  },
  { id: "webhook-2", kind: "webhook", address: "https://alerts.example.org/mcm" },
];

const file = (path: string, type: BackupFile["type"], size?: number): BackupFile => ({
  path,
  type,
  size,
  mode: type === "dir" ? 0o755 : 0o644,
  uid: 0,
  gid: 0,
  mtime: inHours(-50),
});

export const MockFiles: BackupFile[] = [
  file("/config", "dir"),
  file("/config/app.yaml", "file", 2_310),
  file("/data", "dir"),
  file("/data/all.sql", "file", 18_400_000),
  file("/data/current", "symlink"),
  file("/data/uploads", "dir"),
  file("/data/uploads/report.pdf", "file", 912_000),
];
