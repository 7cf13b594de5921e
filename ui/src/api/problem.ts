import type { components } from "./schema.gen.ts";

/** Problem details of a failed API request (RFC 9457). */
export type Problem = components["schemas"]["Problem"];

/** All failure kinds that the UI distinguishes. */
export type ProblemCode = Problem["code"] | "precondition_failed" | "offline";

/** A failed request. `code` selects the UI text; the problem's `detail` is shown as is. */
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
  412: "precondition_failed",
  413: "invalid",
  422: "invalid",
  429: "rate_limited",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/** Converts an error response into an ApiError, including responses of a proxy without a problem body. */
export function toApiError(status: number, body: unknown): ApiError {
  const problem = isProblem(body) ? body : undefined;
  const code =
    status === 412 ? "precondition_failed" : (problem?.code ?? byStatus[status] ?? "internal");
  return new ApiError(code, status, problem);
}

/** Converts any thrown value into an ApiError; other errors mean that no response was received. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError("offline", 0);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body;
}
