import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../client.ts";

/** Name, version and configured links of this installation; constant while the manager runs. */
export const infoQuery = queryOptions({
  queryKey: ["info"],
  queryFn: () => unwrap(api.GET("/info")),
  staleTime: Number.POSITIVE_INFINITY,
});
