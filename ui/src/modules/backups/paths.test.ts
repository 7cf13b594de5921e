import { expect, test } from "vitest";
import { breadcrumbs, isCovered, togglePath } from "./paths.ts";

test("a selected directory includes everything below it", () => {
  expect(isCovered("/data/a/b", ["/data"])).toBe(true);
  expect(isCovered("/data2", ["/data"])).toBe(false);
  expect(togglePath("/data", ["/data/a", "/etc"])).toEqual(["/etc", "/data"]);
  expect(togglePath("/data", ["/data"])).toEqual([]);
});

test("breadcrumbs start at the root", () => {
  expect(breadcrumbs("/data/app").map((p) => p.path)).toEqual(["/", "/data", "/data/app"]);
  expect(breadcrumbs("/")).toHaveLength(1);
});
