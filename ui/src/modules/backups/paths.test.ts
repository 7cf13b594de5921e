import { expect, test } from "vitest";
import { covered, parents, toggled } from "./paths.ts";

test("a directory that is chosen brings what lies below it", () => {
  expect(covered("/data/a/b", ["/data"])).toBe(true);
  expect(covered("/data2", ["/data"])).toBe(false);
  expect(toggled("/data", ["/data/a", "/etc"])).toEqual(["/etc", "/data"]);
  expect(toggled("/data", ["/data"])).toEqual([]);
});

test("the way to a directory starts at the root", () => {
  expect(parents("/data/app").map((p) => p.path)).toEqual(["/", "/data", "/data/app"]);
  expect(parents("/")).toHaveLength(1);
});
