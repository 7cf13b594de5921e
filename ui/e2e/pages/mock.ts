import type { Page, Route } from "@playwright/test";
import type {
  App,
  Backup,
  BackupPlan,
  Instance,
  NotificationChannel,
  PreflightReport,
  Session,
  Stack,
  Task,
} from "../../src/api/types.ts";
import * as backups from "../../src/testing/backups.ts";
import * as mocks from "../../src/testing/fixtures.ts";

/** State of the mocked API; each test overrides what it needs. */
export interface MockState {
  session: Session | null;
  stack: Stack;
  apps: App[];
  instances: Instance[];
  plans: BackupPlan[];
  backups: Backup[];
  channels: NotificationChannel[];
  tasks: Task[];
  preflight: PreflightReport;
  log: mocks.MockLog;
  /** Paths below /api/v1 that respond with a problem of this status and code. */
  failures: Record<string, { status: number; code: string; detail?: string }>;
  /** Bodies of received write requests by "METHOD path". */
  requests: Record<string, unknown>;
}

export function mockState(change: Partial<MockState> = {}): MockState {
  return {
    session: mocks.MockSession,
    stack: mocks.MockStack,
    apps: mocks.MockApps,
    instances: mocks.MockInstances,
    plans: backups.MockPlans,
    backups: backups.MockBackups,
    channels: backups.MockChannels,
    tasks: mocks.MockTasks,
    preflight: mocks.MockPreflight,
    log: mocks.MockTaskLog,
    failures: {},
    requests: {},
    ...change,
  };
}

const icon = (letter: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#1a82ae"/><text x="32" y="44" font-size="34" font-family="sans-serif" font-weight="bold" text-anchor="middle" fill="#fff">${letter}</text></svg>`;

/** Serves all API requests from fixtures. */
export async function mockApi(page: Page, state: MockState) {
  await page.route("**/api/v1/**", (route) => respond(route, state));
}

async function respond(route: Route, state: MockState) {
  const request = route.request();
  const path = new URL(request.url()).pathname.replace("/api/v1", "");
  const method = request.method();
  const json = (body: unknown, status = 200) => route.fulfill({ status, json: body });
  const failure = state.failures[path];
  if (failure) {
    return json({ type: "about:blank", title: failure.code, ...failure }, failure.status);
  }
  if (path === "/info") return json(mocks.MockInfo);
  if (path === "/session" && method === "POST") {
    state.session = mocks.MockSession;
    return json(state.session, 201);
  }
  if (path === "/session" && method === "DELETE") {
    state.session = null;
    return route.fulfill({ status: 204 });
  }
  if (!state.session) {
    return json({ type: "", title: "Unauthorized", status: 401, code: "unauthorized" }, 401);
  }
  if (path.endsWith("/events") && path !== "/stack/events") {
    return route.fulfill({
      contentType: "text/event-stream",
      body: "retry: 600000\nevent: ping\ndata: {}\n\n",
    });
  }
  if (path.endsWith("/icon")) {
    const name = path.split("/")[2] ?? "";
    return route.fulfill({
      contentType: "image/svg+xml",
      body: icon(name.charAt(0).toUpperCase()),
    });
  }
  if (path.endsWith("/log/lines"))
    return json(logLines(new URL(request.url()).searchParams, state));
  const backup = backupResponse(request.method(), new URL(request.url()), state);
  if (backup) {
    if (method !== "GET") state.requests[`${method} ${path}`] = request.postDataJSON();
    return backup[1] === 204 ? route.fulfill({ status: 204 }) : json(...backup);
  }
  if (method !== "GET" && path !== "/stack/preflight") {
    state.requests[`${method} ${path}`] = request.postDataJSON();
    if (path === "/enrollment-tokens") return json(mocks.MockCreatedToken, 201);
    if (path.startsWith("/enrollment-tokens/")) return route.fulfill({ status: 204 });
    return json(path.startsWith("/stack") ? mocks.MockDeploy : mocks.MockLaunch, 202);
  }
  return json(...read(path, state));
}

/** Returns the response for requests on plans and backups; undefined for all others. */
function backupResponse(
  method: string,
  url: URL,
  state: MockState,
): [unknown, number?] | undefined {
  const path = url.pathname.replace("/api/v1", "");
  const query = url.searchParams;
  const [, noun, id = "", part] = path.split("/");
  const found = { items: [] as unknown[], next_page_token: "" };
  if (noun === "instances" && part === "restore-points") {
    return [{ ...found, items: state.backups.filter((b) => b.instance === id) }];
  }
  if (noun === "backups") {
    if (id === "") {
      const matches = (b: Backup) =>
        (["instance", "plan", "method"] as const).every(
          (key) => !query.get(key) || b[key] === query.get(key),
        );
      return [{ ...found, items: state.backups.filter(matches) }];
    }
    if (part === "files") {
      const [dir, q] = [query.get("path") ?? "/", query.get("q")];
      const items = backups.MockFiles.filter((f) =>
        q ? f.path.includes(q) : (f.path.replace(/[^/]+$/, "").slice(0, -1) || "/") === dir,
      );
      return [{ ...found, items }];
    }
    return part === "hold" ? [state.backups[0]] : [mocks.MockLaunch, 202];
  }
  if (noun !== "backup-plans") return undefined;
  if (id === "preview") {
    return [{ next_runs: [], occurrences: backups.MockOccurrences }];
  }
  if (id === "")
    return method === "POST" ? [state.plans[0], 201] : [{ ...found, items: state.plans }];
  if (part === "run") return [mocks.MockLaunch, 202];
  if (part === "runs") return [{ ...found, items: state.tasks }];
  if (part === "retention") return [{ items: backups.MockRetention }];
  if (method === "DELETE") return [null, 204];
  return [state.plans.find((p) => p.id === id)];
}

/** Responds like the server: a page of lines by position, or the matching lines. */
function logLines(query: URLSearchParams, { log }: MockState) {
  const [from, limit] = [Number(query.get("from") ?? 0), Number(query.get("limit") ?? 200)];
  const [text, level] = [query.get("q")?.toLowerCase(), query.get("level")];
  const items = [];
  for (let n = from; n < log.total && items.length < limit; n++) {
    const line = log.line(n);
    if ((!text || line.message.toLowerCase().includes(text)) && (!level || line.level === level)) {
      items.push(line);
    }
  }
  return {
    items,
    total: log.total,
    errors: log.errors,
    incomplete_reason: log.incomplete_reason,
    next: null,
  };
}

function read(path: string, state: MockState): [unknown, number?] {
  const task = path.startsWith("/tasks/") && decodeURIComponent(path.split("/")[2] ?? "");
  const app = path.startsWith("/apps/") && path.split("/")[2];
  if (path === "/session") return [state.session];
  if (path === "/apps") return [{ items: state.apps, next_page_token: "" }];
  if (app) return [state.apps.find((a) => a.name === app)];
  if (path === "/instances") return [{ items: state.instances, next_page_token: "" }];
  if (path.startsWith("/instances/")) {
    return [state.instances.find((i) => path.endsWith(i.id))];
  }
  if (path === "/enrollment-tokens") return [{ items: mocks.MockTokens, next_page_token: "" }];
  if (path === "/tasks") return [{ items: state.tasks, next_page_token: "" }];
  if (task) {
    const found = [...state.tasks, mocks.MockDeploy].find((t) => t.id === task);
    return found
      ? [found]
      : [{ title: "Not found", status: 404, code: "not_found", type: "" }, 404];
  }
  if (path === "/notifications") return [{ channels: state.channels }];
  if (path === "/audit") return [{ items: mocks.MockAudit, next_page_token: "" }];
  if (path === "/stack") return [state.stack];
  if (path === "/stack/options") return [mocks.MockOptions];
  if (path === "/stack/preflight") return [state.preflight];
  if (path === "/stack/topology") return [mocks.MockTopology];
  if (path === "/stack/events") return [{ items: mocks.MockEvents, next_page_token: "" }];
  return [{ title: "Not found", status: 404, code: "not_found", type: "" }, 404];
}
