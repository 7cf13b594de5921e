import createClient, { type Middleware } from "openapi-fetch";
import { ApiError, toApiError } from "./problem.ts";
import type { paths } from "./schema.gen.ts";

/** Session state of the client, set on sign-in and sign-out. */
const state = { csrfToken: "", language: "en", ended: false, onSignedOut: () => {} };

export function setCsrfToken(token: string) {
  state.csrfToken = token;
  state.ended = false;
}
/** Reports whether the session ended while the UI was in use and none has been opened since. */
export const sessionEnded = () => state.ended;
export function setRequestLanguage(language: string) {
  state.language = language;
}
/** Registers the handler that is called when the session ends while the UI is in use. */
export function onSignedOut(handler: () => void) {
  state.onSignedOut = handler;
}

/** Returns an idempotency key: a repeated request with the same key starts only one task. */
export function idempotencyKey(): string {
  // crypto.randomUUID does not exist on plain http, which the product uses inside the VPN.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

const session: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept-Language", state.language);
    if (request.method !== "GET" && state.csrfToken) {
      request.headers.set("X-CSRF-Token", state.csrfToken);
    }
    return request;
  },
  onResponse({ request, response }) {
    if (response.status !== 401) return;
    if (state.csrfToken) state.ended = true;
    if (!request.url.endsWith("/session")) state.onSignedOut();
  },
};

export const api = createClient<paths>({
  baseUrl: "/api/v1",
  fetch: (request: Request) => fetch(request),
});
api.use(session);

interface FetchResult<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Returns the body of a successful response; throws an ApiError for any failure, including network errors. */
export async function unwrap<T>(result: Promise<FetchResult<T>>): Promise<T> {
  const { data, error, response } = await result.catch(() => {
    throw new ApiError("offline", 0);
  });
  if (!response.ok) throw toApiError(response.status, error);
  return data as T;
}
