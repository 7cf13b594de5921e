import { expect, test } from "vitest";
import { rowsOf } from "./rows.ts";

test("what has moved between two reads is one row, as it was read last", () => {
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
  expect(rowsOf([first, second])).toEqual([
    { id: "a", n: 1 },
    { id: "b", n: 2 },
    { id: "c", n: 2 },
  ]);
  expect(rowsOf(undefined)).toBeUndefined();
});
