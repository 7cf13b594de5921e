import { expect, test } from "vitest";
import { duration, relativeTime } from "./time.ts";

const now = Date.parse("2026-11-23T12:00:00Z");

test.each([
  ["2026-11-23T11:59:57Z", "en", "now"],
  ["2026-11-23T11:57:00Z", "en", "3 minutes ago"],
  ["2026-11-23T09:00:00Z", "fr", "il y a 3 heures"],
  ["2026-11-22T11:00:00Z", "en", "yesterday"],
  ["2026-11-22T11:00:00Z", "fr", "hier"],
])("%s in %s is %s", (at, language, text) => {
  expect(relativeTime(at, language, now)).toBe(text);
});

test.each([
  ["2026-11-23T11:59:48Z", "12 s"],
  ["2026-11-23T11:57:56Z", "2 min 04 s"],
  ["2026-11-23T10:55:00Z", "1 h 05 min"],
])("duration since %s is %s", (from, text) => {
  expect(duration(from, undefined, now)).toBe(text);
  expect(duration(from, "2026-11-23T12:00:00Z", 0)).toBe(text);
});
