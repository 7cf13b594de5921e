import createClient, { type Middleware } from "openapi-fetch";
import { ApiError, toApiError } from "./problem.ts";
import type { paths } from "./schema.gen.ts";

/** What the client needs to know of the session, set by whoever signs in or out. */
const state = { csrfToken: "", language: "en", ended: false, onSignedOut: () => {} };

export function setCsrfToken(token: string) {
  state.csrfToken = token;
  state.ended = false;
}
/** Whether a session has ended while the UI was in use, and no other has begun. */
export const sessionEnded = () => state.ended;
export function setRequestLanguage(language: string) {
  state.language = language;
}
/** Registers what happens when the session has ended while the UI was in use. */
export function onSignedOut(handler: () => void) {
  state.onSignedOut = handler;
}

/** A key that makes a repeated request start the same work only once. */
export function idempotencyKey(): string {
  // crypto.randomUUID is missing on plain http, where the product lives inside the VPN.
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

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a successful answer; throws an ApiError otherwise, also when nothing answered. */
export async function unwrap<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer.catch(() => {
    throw new ApiError("offline", 0);
  });
  if (!response.ok) throw toApiError(response.status, error);
  return data as T;
}
