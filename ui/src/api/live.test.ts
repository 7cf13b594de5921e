import { expect, test, vi } from "vitest";
import { MockLaunch, MockTasks } from "../testing/fixtures.ts";
import { applyTask } from "./live.ts";
import { makeQueryClient } from "./queryClient.ts";

test("applyTask updates the detail, list and recent queries", () => {
  const client = makeQueryClient();
  const list = ["tasks", "list", {}, 25];
  client.setQueryData(list, { pages: [{ items: MockTasks }], pageParams: [""] });
  client.setQueryData(["tasks", "recent"], { items: MockTasks });
  const done = { ...MockLaunch, status: "succeeded" as const };

  applyTask(client, done);

  expect(client.getQueryData(["tasks", "detail", done.id])).toEqual(done);
  expect(client.getQueryData(list)).toMatchObject({
    pages: [{ items: [done, {}, {}, {}, {}, {}] }],
  });
  expect(client.getQueryData(["tasks", "recent"])).toMatchObject({
    items: [done, {}, {}, {}, {}, {}],
  });
});

test("applyTask of an instance task refreshes instances immediately and once more after the delay", () => {
  vi.useFakeTimers();
  const client = makeQueryClient();
  const invalidate = vi.spyOn(client, "invalidateQueries");
  const instances = () =>
    invalidate.mock.calls.filter(([filter]) => filter?.queryKey?.[0] === "instances").length;
  const task = { ...MockLaunch, operation: "agent.install" };

  for (let n = 0; n < 20; n++) applyTask(client, { ...task, message: `host ${n} of 20` });
  expect(instances()).toBe(1);
  vi.advanceTimersByTime(2_500);
  expect(instances()).toBe(2);
  vi.useRealTimers();
});
