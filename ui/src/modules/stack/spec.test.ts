import { expect, test } from "vitest";
import { MockOptions } from "../../testing/fixtures.ts";
import { choices, emptyWizard, toSpec } from "./spec.ts";

test("toSpec with a preset sends only the selected values", () => {
  expect(toSpec({ ...emptyWizard, size: "ha", image: "Debian 12" })).toEqual({
    name: "mycloudmanager",
    preset: "ha",
    image: "Debian 12",
  });
});

test("toSpec with a custom size sends the counts and no preset", () => {
  expect(toSpec({ ...emptyWizard, size: "custom", nodes: 1 })).toEqual({
    name: "mycloudmanager",
    masters: 2,
    nodes: 1,
    etcd: 3,
  });
});

test("choices uses the ID as value if a name is not unique", () => {
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
