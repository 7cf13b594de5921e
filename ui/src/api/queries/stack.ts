import { queryOptions } from "@tanstack/react-query";
import { api, idempotencyKey, unwrap } from "../client.ts";
import type { StackChange, StackSpec } from "../types.ts";

export const stackQuery = queryOptions({
  queryKey: ["stack"],
  queryFn: () => unwrap(api.GET("/stack")),
  refetchInterval: 30_000,
});

export const stackOptionsQuery = queryOptions({
  queryKey: ["stack-options"],
  queryFn: () => unwrap(api.GET("/stack/options")),
  staleTime: 60_000,
});

/** With `live` the topology is refetched every few seconds, while resources are created or deleted. */
export const topologyQuery = (live: boolean) =>
  queryOptions({
    queryKey: ["stack", "topology"],
    queryFn: () => unwrap(api.GET("/stack/topology")),
    refetchInterval: live ? 2_500 : 30_000,
  });

export const stackEventsQuery = (live: boolean) =>
  queryOptions({
    queryKey: ["stack", "events"],
    queryFn: () => unwrap(api.GET("/stack/events")),
    refetchInterval: live ? 2_500 : 30_000,
  });

export const preflightQuery = (spec: StackSpec) =>
  queryOptions({
    queryKey: ["stack-preflight", spec],
    queryFn: () => unwrap(api.POST("/stack/preflight", { body: spec })),
    staleTime: 0,
    gcTime: 0,
  });

const header = () => ({ "Idempotency-Key": idempotencyKey() });

export const deployStack = (body: StackSpec) =>
  unwrap(api.POST("/stack", { body, params: { header: header() } }));

export const changeStack = (body: StackChange) =>
  unwrap(api.PATCH("/stack", { body, params: { header: header() } }));

export const deleteStack = (confirm: string) =>
  unwrap(api.DELETE("/stack", { params: { query: { confirm }, header: header() } }));
