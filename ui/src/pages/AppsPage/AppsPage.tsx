import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { appsQuery } from "../../api/queries/apps.ts";
import { stackQuery } from "../../api/queries/stack.ts";
import { taskIdOf } from "../../api/taskId.ts";
import type { App } from "../../api/types.ts";
import { AppDrawer } from "../../modules/apps/AppDrawer.tsx";
import { LaunchDialog } from "../../modules/apps/LaunchDialog.tsx";
import { AppsPageView } from "./AppsPageView.tsx";
import { useLaunchReason } from "./useLaunchReason.ts";

/** Catalogue of apps. The URL holds the app whose settings are open. */
export function AppsPage() {
  const { app: open, tab } = useSearch({ from: "/app/apps" });
  const navigate = useNavigate();
  const apps = useQuery(appsQuery);
  const stack = useQuery(stackQuery);
  const reasonOf = useLaunchReason(stack.data?.state);
  const [launching, setLaunching] = useState<App>();
  const shown = apps.data?.items.find((app) => app.name === open);
  return (
    <>
      <AppsPageView
        apps={apps.data?.items}
        error={apps.error}
        onRetry={() => apps.refetch()}
        stackState={stack.data?.state}
        launchReason={reasonOf}
        onSettings={(app) => navigate({ to: "/apps", search: { app } })}
        onLaunch={setLaunching}
      />
      {open && (
        <AppDrawer
          name={open}
          tab={tab ?? "info"}
          taskId={taskIdOf(shown?.task)}
          launchReason={shown && reasonOf(shown)}
          onTab={(next) =>
            navigate({
              to: "/apps",
              search: { app: open, tab: next === "info" ? undefined : next },
              replace: true,
            })
          }
          onClose={() => navigate({ to: "/apps" })}
          onLaunch={setLaunching}
        />
      )}
      {launching && <LaunchDialog app={launching} onClose={() => setLaunching(undefined)} />}
    </>
  );
}
