import { expect, test } from "vitest";
import type { TaskStatus } from "../../api/types.ts";
import { planHealth } from "./health.ts";
import { formatInterval, formatSize } from "./units.ts";

const day = 86_400_000;
const at = (days: number) => new Date(Date.UTC(2026, 10, 24) + days * day).toISOString();
const plan = (days: number, status: TaskStatus, missed_runs = 0) => ({
  last_run: { started_at: at(days), status, task: "t" },
  missed_runs,
  next_runs: [at(1), at(2), at(3)],
});

test.each([
  ["ok", plan(0, "succeeded")],
  ["failed", plan(0, "partially_failed")],
  ["running", plan(0, "running")],
  ["blocked", plan(0, "blocked")],
  ["missed", plan(-1, "succeeded", 1)],
  ["ok", plan(0, "succeeded", 1)], // missed one run, but has run since
  ["never", { missed_runs: 0, next_runs: [at(1)] }],
  ["missed", { missed_runs: 2, next_runs: [at(1)] }],
] as const)("planHealth is %s", (health, given) => {
  expect(planHealth({ ...given, next_runs: [...given.next_runs] })).toBe(health);
});

test("formatSize and formatInterval use the language", () => {
  expect(formatSize(1_500_000_000, "en")).toBe("1.5 GB");
  expect(formatSize(0, "en")).toBe("0 bytes");
  expect(formatInterval(3600, "en")).toBe("1 hour");
  expect(formatInterval(5400, "fr")).toBe("90 minutes");
});
