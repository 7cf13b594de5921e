import { expect, test } from "vitest";
import type { BackupPlan } from "../../api/types.ts";
import { MockPlans } from "../../testing/backups.ts";
import { draftOf, emptyDraft, faultsOf, settingsOf } from "./draft.ts";

const filled = { ...emptyDraft(["a"]), name: " nightly " };

test("a snapshot plan says nothing of directories", () => {
  const settings = settingsOf(filled);
  expect(settings).toMatchObject({ name: "nightly", method: "snapshot", instances: ["a"] });
  expect(settings.directories).toBeUndefined();
  expect(settings.soft).toBeUndefined();
});

test("only what the frequency needs is sent", () => {
  const { schedule } = settingsOf({ ...filled, frequency: "cron", cron: " 5 4 * * 1 " });
  expect(JSON.parse(JSON.stringify(schedule))).toEqual({
    frequency: "cron",
    cron: "5 4 * * 1",
    time_zone: filled.timeZone,
  });
  expect(settingsOf({ ...filled, frequency: "weekly" }).schedule).toMatchObject({
    weekday: "sunday",
    time: "02:30",
  });
});

test.each(MockPlans.map((plan) => [plan.name, plan] as const))(
  "%s is itself after an edit that changes nothing",
  (_, plan) => {
    const settings = settingsOf(draftOf(plan));
    const known: object = JSON.parse(JSON.stringify(plan));
    expect(known).toMatchObject(JSON.parse(JSON.stringify(settings)));
  },
);

test("each step names what it lacks", () => {
  expect(faultsOf(emptyDraft())).toEqual([{ name: "name" }, { instances: "instances" }, {}]);
  const soft = { ...filled, method: "soft" as const };
  expect(faultsOf({ ...soft, directories: [] })[2]).toEqual({ directories: "directories" });
  expect(faultsOf({ ...soft, directories: ["data"] })[2]).toEqual({ directories: "absolute" });
  expect(faultsOf({ ...filled, frequency: "cron", cron: "* *" })[2]).toEqual({ cron: "cron" });
  expect(faultsOf({ ...filled, time: "" })[2]).toEqual({ time: "time" });
});

test("all servers together is said of a snapshot plan only, and read back", () => {
  const draft = { ...emptyDraft(["a", "b"]), name: "Shop", together: true };
  expect(settingsOf(draft).snapshot).toEqual({ together: true });
  expect(settingsOf({ ...draft, together: false }).snapshot).toBeUndefined();
  expect(settingsOf({ ...draft, method: "soft" }).snapshot).toBeUndefined();
  const plan = { ...(MockPlans[0] as BackupPlan), snapshot: { together: true } };
  expect(draftOf(plan).together).toBe(true);
});
