import { expect, test } from "vitest";
import { MockInstances } from "../../testing/fixtures.ts";
import { filterInstances } from "./filterInstances.ts";

const names = (filter: Parameters<typeof filterInstances>[1]) =>
  filterInstances(MockInstances, filter).map((i) => i.name);

test("filterInstances sorts by name in natural order", () => {
  const two = MockInstances.slice(0, 2).map((i, n) => ({ ...i, name: `web-${10 - n}` }));
  const sorted = filterInstances(two, {}).map((i) => i.name);
  expect(sorted).toEqual(["web-9", "web-10"]);
});

test("filterInstances matches name, address and distribution, ignoring case", () => {
  expect(names({ q: "WEB" })).toEqual(["web-1", "web-2"]);
  expect(names({ q: "203.0.113" })).toEqual(["web-1"]);
  expect(names({ q: "Debian" })).toEqual(["build-1", "web-1"]);
});

test("filterInstances filters and sorts", () => {
  expect(names({ enrolled: "no" })).toEqual(["legacy", "web-2"]);
  expect(names({ sort: "-name" })[0]).toBe("web-2");
  expect(names({ sort: "-status" })[0]).toBe("legacy");
});
