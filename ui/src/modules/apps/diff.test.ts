import { expect, test } from "vitest";
import { MockApp } from "../../testing/fixtures.ts";
import { settingsDiff } from "./diff.ts";

const { environment, parameters } = MockApp.settings;

test("settingsDiff is empty if nothing was edited", () => {
  expect(settingsDiff(MockApp, { environment: { ...environment }, parameters })).toEqual([]);
});

test("settingsDiff returns title, old and new value", () => {
  const draft = { environment: { ...environment, TZ: "UTC" }, parameters };
  expect(settingsDiff(MockApp, draft)).toEqual([
    { field: "Time zone", old: "Europe/Paris", new: "UTC" },
  ]);
});

test("settingsDiff masks secrets", () => {
  const draft = { environment: { ...environment, ADMIN_PASSWORD: "hunter2" }, parameters };
  expect(settingsDiff(MockApp, draft)).toEqual([
    { field: "Administrator’s password", old: "********", new: "********" },
  ]);
});

test("settingsDiff includes removed and added fields", () => {
  const { stratum, ...rest } = parameters as { stratum: number };
  const draft = { environment, parameters: { ...rest, level: "debug" } };
  expect(settingsDiff(MockApp, draft)).toEqual([
    { field: "Local stratum", old: 10, new: undefined },
    { field: "Log level", old: undefined, new: "debug" },
  ]);
  expect(stratum).toBe(10);
});
