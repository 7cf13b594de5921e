import { expect, test } from "vitest";
import { MockInstances } from "../../testing/fixtures.ts";
import { choose } from "./choose.ts";

const names = (choice: Parameters<typeof choose>[1]) =>
  choose(MockInstances, choice).map((i) => i.name);

test("by name, numbers in the order of people", () => {
  const two = MockInstances.slice(0, 2).map((i, n) => ({ ...i, name: `web-${10 - n}` }));
  const sorted = choose(two, {}).map((i) => i.name);
  expect(sorted).toEqual(["web-9", "web-10"]);
});

test("finds by name, address and distribution, whatever the case", () => {
  expect(names({ q: "WEB" })).toEqual(["web-1", "web-2"]);
  expect(names({ q: "203.0.113" })).toEqual(["web-1"]);
  expect(names({ q: "Debian" })).toEqual(["build-1", "web-1"]);
});

test("filters and sorts", () => {
  expect(names({ enrolled: "no" })).toEqual(["legacy", "web-2"]);
  expect(names({ sort: "-name" })[0]).toBe("web-2");
  expect(names({ sort: "-status" })[0]).toBe("legacy");
});
