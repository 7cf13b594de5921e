import { QueryClient } from "@tanstack/react-query";
import { asApiError } from "./problem.ts";

const passing = new Set(["unavailable", "offline", "rate_limited"]);

/** Retries only what may pass by itself; a refusal is shown at once. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (count, error) => count < 2 && passing.has(asApiError(error).code),
      },
    },
  });
}

export const queryClient = makeQueryClient();
