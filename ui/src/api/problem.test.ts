import { expect, test } from "vitest";
import { asApiError, toApiError } from "./problem.ts";
import { taskIdOf } from "./taskId.ts";

test("toApiError prefers the problem's code over the status", () => {
  const quota = { type: "", title: "Forbidden", status: 403, code: "quota", detail: "cores" };
  expect(toApiError(403, quota)).toMatchObject({ code: "quota", status: 403, message: "cores" });
});

test.each([
  [401, "unauthorized"],
  [412, "precondition_failed"],
  [429, "rate_limited"],
  [502, "unavailable"],
  [418, "internal"],
])("toApiError maps status %i without a problem body to %s", (status, code) => {
  expect(toApiError(status, "<html>").code).toBe(code);
});

test("toApiError maps 412 to precondition_failed even if the problem says conflict", () => {
  expect(toApiError(412, { title: "", code: "conflict", status: 412, type: "" }).code).toBe(
    "precondition_failed",
  );
});

test("asApiError maps a network error to offline", () => {
  expect(asApiError(new TypeError("Failed to fetch")).code).toBe("offline");
});

test("taskIdOf returns the last path segment, decoded", () => {
  expect(taskIdOf("/api/v1/tasks/app%3Antp~1")).toBe("app:ntp~1");
  expect(taskIdOf("app:ntp~1")).toBe("app:ntp~1");
  expect(taskIdOf(undefined)).toBeUndefined();
});
