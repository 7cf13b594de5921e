import { QueryClient } from "@tanstack/react-query";
import { asApiError } from "./problem.ts";

const transientErrors = new Set(["unavailable", "offline", "rate_limited"]);

/** Creates a query client that retries only transient errors; other errors are shown immediately. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (count, error) => count < 2 && transientErrors.has(asApiError(error).code),
      },
    },
  });
}

export const queryClient = makeQueryClient();
