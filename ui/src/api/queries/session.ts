import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, setCsrfToken, unwrap } from "../client.ts";
import { ApiError } from "../problem.ts";
import type { Session, SignIn } from "../types.ts";

/** The current session, or null if nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: fetchSession,
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});

async function fetchSession(): Promise<Session | null> {
  try {
    return keepToken(await unwrap(api.GET("/session")));
  } catch (error) {
    if (error instanceof ApiError && error.code === "unauthorized") return null;
    throw error;
  }
}

/** Opens a session and clears the data cached for an earlier user. */
export async function signIn(client: QueryClient, body: SignIn): Promise<Session> {
  const session = keepToken(await unwrap(api.POST("/session", { body })));
  client.clear();
  client.setQueryData(sessionQuery.queryKey, session);
  return session;
}

export async function signOut(client: QueryClient): Promise<void> {
  await unwrap(api.DELETE("/session"));
  setCsrfToken("");
  client.clear();
  client.setQueryData(sessionQuery.queryKey, null);
}

function keepToken(session: Session): Session {
  setCsrfToken(session.csrf_token);
  return session;
}
