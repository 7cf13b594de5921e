import { queryOptions } from "@tanstack/react-query";
import { api, idempotencyKey, unwrap } from "../client.ts";
import type { AgentAction, Instance } from "../types.ts";

/** Fetches all pages of instances: the UI searches and sorts the complete list. */
async function fetchInstances(): Promise<Instance[]> {
  const all: Instance[] = [];
  let token: string | undefined;
  do {
    const query = { page_size: 500, page_token: token };
    const page = await unwrap(api.GET("/instances", { params: { query } }));
    all.push(...page.items);
    token = page.next_page_token || undefined;
  } while (token);
  return all;
}

export const instancesQuery = queryOptions({
  queryKey: ["instances", "list"],
  queryFn: fetchInstances,
  refetchInterval: 30_000,
});

export const instanceQuery = (id: string) =>
  queryOptions({
    queryKey: ["instances", "detail", id],
    queryFn: () => unwrap(api.GET("/instances/{id}", { params: { path: { id } } })),
    refetchInterval: 30_000,
  });

const header = () => ({ "Idempotency-Key": idempotencyKey() });
const on = (id: string) => ({ params: { path: { id }, header: header() } });
const agent = (id: string, app: string) => ({ params: { path: { id, app }, header: header() } });

export const connectInstance = (id: string) => unwrap(api.POST("/instances/{id}/connect", on(id)));
export const unenrollInstance = (id: string) => unwrap(api.DELETE("/instances/{id}", on(id)));

export interface AgentRequest {
  action: AgentAction;
  apps: string[];
  instances: string[];
}

/** Starts one task: a single agent on a single instance has its own endpoint, everything else is a batch. */
export function startAgentTask({ action, apps, instances }: AgentRequest) {
  const [app, ...moreApps] = apps;
  const [id, ...moreIds] = instances;
  if (app && id && moreApps.length === 0 && moreIds.length === 0) {
    if (action === "install") {
      return unwrap(api.PUT("/instances/{id}/agents/{app}", agent(id, app)));
    }
    if (action === "remove") {
      return unwrap(api.DELETE("/instances/{id}/agents/{app}", agent(id, app)));
    }
  }
  const body = { action, apps, instances };
  return unwrap(api.POST("/agents:batch", { body, params: { header: header() } }));
}
