import { expect, test } from "vitest";
import { appsSearch, signInSearch, tasksSearch } from "./search.ts";

test.each(["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])(
  "signing in never leads to %s",
  (next) => expect(signInSearch({ next }).next).toBeUndefined(),
);

test("signing in leads back to a page of ours", () => {
  expect(signInSearch({ next: "/tasks?status=failed" }).next).toBe("/tasks?status=failed");
});

test("words that are no status or tab are dropped", () => {
  expect(tasksSearch({ status: "nonsense", target: 42 })).toMatchObject({
    status: undefined,
    target: "42",
  });
  expect(appsSearch({ app: "ntp", tab: "secrets" })).toEqual({ app: "ntp", tab: undefined });
});
