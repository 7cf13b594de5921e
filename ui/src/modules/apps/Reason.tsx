import type { App } from "../../api/types.ts";
import { RelativeTime } from "../../components/RelativeTime.tsx";

/** Reason for the current health and since when. */
export function Reason({ app }: { app: App }) {
  return (
    <>
      {app.reason}
      {app.reason && app.since && " · "}
      {app.since && <RelativeTime at={app.since} />}
    </>
  );
}
