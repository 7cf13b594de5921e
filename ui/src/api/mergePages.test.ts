import { expect, test } from "vitest";
import { mergePages } from "./mergePages.ts";

test("mergePages keeps the later copy of a row that appears on two pages", () => {
  const first = {
    items: [
      { id: "a", n: 1 },
      { id: "b", n: 1 },
    ],
  };
  const second = {
    items: [
      { id: "b", n: 2 },
      { id: "c", n: 2 },
    ],
  };
  expect(mergePages([first, second])).toEqual([
    { id: "a", n: 1 },
    { id: "b", n: 2 },
    { id: "c", n: 2 },
  ]);
  expect(mergePages(undefined)).toBeUndefined();
});
