import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../client.ts";
import type { NewEnrollmentToken } from "../types.ts";

export const tokensQuery = queryOptions({
  queryKey: ["enrollment-tokens"],
  queryFn: () => unwrap(api.GET("/enrollment-tokens")),
  refetchInterval: 30_000,
});

export const createToken = (body: NewEnrollmentToken) =>
  unwrap(api.POST("/enrollment-tokens", { body }));

export const revokeToken = (id: string) =>
  unwrap(api.DELETE("/enrollment-tokens/{id}", { params: { path: { id } } }));
