import { expect, test } from "vitest";
import { asApiError, toApiError } from "./problem.ts";
import { taskIdOf } from "./taskId.ts";

test("the problem's own code wins", () => {
  const quota = { type: "", title: "Forbidden", status: 403, code: "quota", detail: "cores" };
  expect(toApiError(403, quota)).toMatchObject({ code: "quota", status: 403, message: "cores" });
});

test.each([
  [401, "unauthorized"],
  [412, "stale"],
  [429, "rate_limited"],
  [502, "unavailable"],
  [418, "internal"],
])("a proxy's bare %i is %s", (status, code) => {
  expect(toApiError(status, "<html>").code).toBe(code);
});

test("a lost race is stale even though the API calls it a conflict", () => {
  expect(toApiError(412, { title: "", code: "conflict", status: 412, type: "" }).code).toBe(
    "stale",
  );
});

test("what is no answer at all is offline", () => {
  expect(asApiError(new TypeError("Failed to fetch")).code).toBe("offline");
});

test("a task's id is the end of its URL", () => {
  expect(taskIdOf("/api/v1/tasks/app%3Antp~1")).toBe("app:ntp~1");
  expect(taskIdOf("app:ntp~1")).toBe("app:ntp~1");
  expect(taskIdOf(undefined)).toBeUndefined();
});
