/** How an audited action ended. */
export const outcomes = [
  "started",
  "succeeded",
  "failed",
  "partly_failed",
  "cancelled",
  "timed_out",
  "refused",
] as const;
