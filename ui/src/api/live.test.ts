import { expect, test } from "vitest";
import { MockLaunch, MockTasks } from "../testing/fixtures.ts";
import { applyTask } from "./live.ts";
import { makeQueryClient } from "./queryClient.ts";

test("a task that changes is changed in its page, every list and the recent ones", () => {
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
