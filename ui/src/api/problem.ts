import type { components } from "./schema.gen.ts";

/** What the API says when it refuses or fails (RFC 9457). */
export type Problem = components["schemas"]["Problem"];

/** Every way a request can end badly, as the UI tells them apart. */
export type ProblemCode = Problem["code"] | "stale" | "offline";

/** A request that did not succeed. `code` chooses the text; `detail` is the cloud's own words. */
export class ApiError extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly problem?: Problem;

  constructor(code: ProblemCode, status: number, problem?: Problem) {
    super(problem?.detail ?? problem?.title ?? code);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.problem = problem;
  }
}

const byStatus: Record<number, ProblemCode> = {
  400: "invalid",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  412: "stale",
  413: "invalid",
  422: "invalid",
  429: "rate_limited",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/** Makes an ApiError of a refused response, also when a proxy answered instead of the API. */
export function toApiError(status: number, body: unknown): ApiError {
  const problem = isProblem(body) ? body : undefined;
  const code = status === 412 ? "stale" : (problem?.code ?? byStatus[status] ?? "internal");
  return new ApiError(code, status, problem);
}

/** Any thrown value as an ApiError: what is not one is a request that never got an answer. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError("offline", 0);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body;
}
