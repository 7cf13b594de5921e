import type { App } from "../../api/types.ts";
import { RelativeTime } from "../../components/RelativeTime.tsx";

/** Why the health is what it is, and since when. */
export function Reason({ app }: { app: App }) {
  return (
    <>
      {app.reason}
      {app.reason && app.since && " · "}
      {app.since && <RelativeTime at={app.since} />}
    </>
  );
}
