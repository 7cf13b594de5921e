import { expect, test } from "vitest";
import { appsSearch, signInSearch, tasksSearch } from "./search.ts";

test.each(["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])(
  "signInSearch rejects the redirect %s",
  (next) => expect(signInSearch({ next }).next).toBeUndefined(),
);

test("signInSearch keeps a local redirect", () => {
  expect(signInSearch({ next: "/tasks?status=failed" }).next).toBe("/tasks?status=failed");
});

test("search parameters with invalid values are dropped", () => {
  expect(tasksSearch({ status: "nonsense", target: 42 })).toMatchObject({
    status: undefined,
    target: "42",
  });
  expect(appsSearch({ app: "ntp", tab: "secrets" })).toEqual({ app: "ntp", tab: undefined });
});
