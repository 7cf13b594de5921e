import { expect, test } from "vitest";
import { MockOptions } from "../../testing/fixtures.ts";
import { choices, emptyWizard, toSpec } from "./spec.ts";

test("a preset sends only what was chosen", () => {
  expect(toSpec({ ...emptyWizard, size: "ha", image: "Debian 12" })).toEqual({
    name: "mycloudmanager",
    preset: "ha",
    image: "Debian 12",
  });
});

test("a custom size sends its counts and no preset", () => {
  expect(toSpec({ ...emptyWizard, size: "custom", nodes: 1 })).toEqual({
    name: "mycloudmanager",
    masters: 2,
    nodes: 1,
    etcd: 3,
  });
});

test("a name that is not unique is told apart by its identifier", () => {
  const images = [
    { id: "i1", name: "Debian 12" },
    { id: "i2", name: "Debian 12" },
    { id: "i3", name: "Rocky 9" },
  ];
  expect(choices({ ...MockOptions, images }).image.map((c) => c.value)).toEqual([
    "i1",
    "i2",
    "Rocky 9",
  ]);
});
