import { queryOptions } from "@tanstack/react-query";
import { api, idempotencyKey, unwrap } from "../client.ts";
import type { App, Settings } from "../types.ts";

export const appsQuery = queryOptions({
  queryKey: ["apps"],
  queryFn: () => unwrap(api.GET("/apps")),
  refetchInterval: 30_000,
});

export const appQuery = (app: string) =>
  queryOptions({
    queryKey: ["apps", app],
    queryFn: () => unwrap(api.GET("/apps/{app}", { params: { path: { app } } })),
  });

export interface LaunchChoice {
  version?: string;
  volume_size_gb?: number;
  volume_id?: string;
}

const starting = (app: string) => ({
  params: { path: { app }, header: { "Idempotency-Key": idempotencyKey() } },
});

export const launchApp = (app: string, body: LaunchChoice) =>
  unwrap(api.POST("/apps/{app}/launch", { ...starting(app), body }));

export const stopApp = (app: string) => unwrap(api.POST("/apps/{app}/stop", starting(app)));

export const uninstallApp = (app: string, body: { delete_volume: boolean; confirm?: string }) =>
  unwrap(api.POST("/apps/{app}/uninstall", { ...starting(app), body }));

/** Saves settings, unless someone else saved in between (412, code "precondition_failed"). */
export const saveSettings = (app: Pick<App, "name" | "etag">, body: Settings) =>
  unwrap(
    api.PUT("/apps/{app}/settings", {
      params: {
        path: { app: app.name },
        header: { "If-Match": app.etag, "Idempotency-Key": idempotencyKey() },
      },
      body,
    }),
  );
