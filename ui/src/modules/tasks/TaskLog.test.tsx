import { act, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LogLine, LogUpdate } from "../../api/types.ts";
import { MockDeploy, MockTaskLog } from "../../testing/fixtures.ts";
import { renderView } from "../../testing/render.tsx";
import { TaskLog } from "./TaskLog.tsx";

/** State of the mocked log endpoint and the queries it received. */
const server = {
  total: 0,
  errors: 0,
  incomplete_reason: "",
  line: MockTaskLog.line,
  queries: [] as string[],
};

interface Query {
  from?: number;
  limit: number;
  level?: string;
}

function respond(query: Query) {
  server.queries.push(new URLSearchParams(query as never).toString());
  const items: LogLine[] = [];
  for (let n = query.from ?? 0; n < server.total && items.length < query.limit; n++) {
    const line = server.line(n);
    if (!query.level || line.level === query.level) items.push(line);
  }
  const { total, errors, incomplete_reason } = server;
  return { items, total, errors, incomplete_reason, next: null };
}

vi.mock(import("../../api/client.ts"), async (original) => {
  const client = await original();
  const GET = async (_: string, { params }: { params: { query: Query } }) => ({
    data: respond(params.query),
    response: new Response(),
  });
  return { ...client, api: { ...client.api, GET } as never };
});

class Stream {
  static last: Stream;
  listeners = new Map<string, (event: { data: string }) => void>();
  closed = false;
  constructor(public url: string) {
    Stream.last = this;
  }
  addEventListener(type: string, listener: (event: { data: string }) => void) {
    this.listeners.set(type, listener);
  }
  close() {
    this.closed = true;
  }
  send(update: Partial<LogUpdate>) {
    const { total, errors, incomplete_reason } = server;
    const data = {
      total,
      errors,
      incomplete_reason,
      reset_from: 0,
      lines: [],
      complete: false,
      ...update,
    };
    return act(async () => this.listeners.get("log")?.({ data: JSON.stringify(data) }));
  }
}

beforeEach(() => {
  Object.assign(server, { total: 1_000_000, errors: 2, incomplete_reason: "", queries: [] });
  vi.stubGlobal("EventSource", Stream);
  // jsdom has no layout, so give the rows and the viewport a height.
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(24);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(240);
  HTMLElement.prototype.scrollTo = function (this: HTMLElement, to?: unknown) {
    this.scrollTop = (to as ScrollToOptions).top ?? 0;
    this.dispatchEvent(new Event("scroll"));
  } as typeof HTMLElement.prototype.scrollTo;
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const done = { ...MockDeploy, status: "succeeded" as const, ended_at: MockDeploy.started_at };

test("TaskLog fetches only the visible lines of a long log", async () => {
  await renderView(<TaskLog task={done} />);
  const log = await screen.findByRole("log");
  expect(await within(log).findByText(/the task starts/)).toBeInTheDocument();
  expect(screen.getByText("1,000,000 lines")).toBeInTheDocument();
  expect(within(log).getAllByRole("listitem").length).toBeLessThan(60);
  expect(server.queries).toEqual(["limit=0", "from=0&limit=200"]);
  expect(screen.getByRole("link", { name: "Download" })).toHaveAttribute(
    "href",
    expect.stringContaining("/log?format=text"),
  );
  expect(screen.queryByRole("switch", { name: "Follow" })).not.toBeInTheDocument();
});

test("TaskLog finds the first error through the server", async () => {
  server.line = (n) => MockTaskLog.line(n === 400_000 ? 71 : n === 71 || n === 70 ? 1 : n);
  const at = server.line;
  server.line = (position) => ({ ...at(position), position });
  await renderView(<TaskLog task={done} />);
  await userEvent.click(await screen.findByRole("button", { name: "First error (of 2)" }));
  expect(await screen.findByText("Found in line 400001")).toBeInTheDocument();
  expect(server.queries).toContain("level=error&from=0&limit=1");
  server.line = MockTaskLog.line;
});

test("TaskLog follows a running task until its last line", async () => {
  server.total = 5;
  await renderView(<TaskLog task={MockDeploy} />);
  const log = await screen.findByRole("log");
  await within(log).findAllByText(/ok|changed/);
  expect(screen.getByRole("switch", { name: "Follow" })).toBeChecked();
  expect(Stream.last.url).toContain("/log/events?lines=false&lang=en");
  server.total = 7;
  await Stream.last.send({ reset_from: 5 });
  expect(await screen.findByText("7 lines")).toBeInTheDocument();
  expect(server.queries.filter((query) => query.startsWith("from=0"))).toHaveLength(2);
  await Stream.last.send({ reset_from: 7, complete: true });
  expect(Stream.last.closed).toBe(true);
  expect(screen.queryByRole("switch", { name: "Follow" })).not.toBeInTheDocument();
});

test("TaskLog reports an incomplete log", async () => {
  server.incomplete_reason = "swift does not respond";
  await renderView(<TaskLog task={done} />);
  expect(
    await screen.findByText("The log is incomplete: swift does not respond"),
  ).toBeInTheDocument();
});
