import { expect, test } from "vitest";
import type { BackupPlan } from "../../api/types.ts";
import { MockPlans } from "../../testing/backups.ts";
import { emptyPlanForm, toPlanForm, toPlanSettings, validatePlanForm } from "./planForm.ts";

const filled = { ...emptyPlanForm(["a"]), name: " nightly " };

test("toPlanSettings omits file backup fields for a snapshot plan", () => {
  const settings = toPlanSettings(filled);
  expect(settings).toMatchObject({ name: "nightly", method: "snapshot", instances: ["a"] });
  expect(settings.directories).toBeUndefined();
  expect(settings.soft).toBeUndefined();
});

test("toPlanSettings sends only the fields of the selected frequency", () => {
  const { schedule } = toPlanSettings({ ...filled, frequency: "cron", cron: " 5 4 * * 1 " });
  expect(JSON.parse(JSON.stringify(schedule))).toEqual({
    frequency: "cron",
    cron: "5 4 * * 1",
    time_zone: filled.timeZone,
  });
  expect(toPlanSettings({ ...filled, frequency: "weekly" }).schedule).toMatchObject({
    weekday: "sunday",
    time: "02:30",
  });
});

test.each(MockPlans.map((plan) => [plan.name, plan] as const))(
  "toPlanSettings inverts toPlanForm for the plan %s",
  (_, plan) => {
    const settings = toPlanSettings(toPlanForm(plan));
    const known: object = JSON.parse(JSON.stringify(plan));
    expect(known).toMatchObject(JSON.parse(JSON.stringify(settings)));
  },
);

test("validatePlanForm returns the errors of each step", () => {
  expect(validatePlanForm(emptyPlanForm())).toEqual([
    { name: "name" },
    { instances: "instances" },
    {},
  ]);
  const soft = { ...filled, method: "soft" as const };
  expect(validatePlanForm({ ...soft, directories: [] })[2]).toEqual({ directories: "directories" });
  expect(validatePlanForm({ ...soft, directories: ["data"] })[2]).toEqual({
    directories: "absolute",
  });
  expect(validatePlanForm({ ...filled, frequency: "cron", cron: "* *" })[2]).toEqual({
    cron: "cron",
  });
  expect(validatePlanForm({ ...filled, time: "" })[2]).toEqual({ time: "time" });
});

test("the consistency group is sent for snapshot plans only and read back", () => {
  const form = { ...emptyPlanForm(["a", "b"]), name: "Shop", consistencyGroup: true };
  expect(toPlanSettings(form).snapshot).toEqual({ consistency_group: true });
  expect(toPlanSettings({ ...form, consistencyGroup: false }).snapshot).toBeUndefined();
  expect(toPlanSettings({ ...form, method: "soft" }).snapshot).toBeUndefined();
  const plan = { ...(MockPlans[0] as BackupPlan), snapshot: { consistency_group: true } };
  expect(toPlanForm(plan).consistencyGroup).toBe(true);
});
