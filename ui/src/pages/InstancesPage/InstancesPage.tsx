import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { appsQuery } from "../../api/queries/apps.ts";
import { instancesQuery } from "../../api/queries/instances.ts";
import type { App, Instance } from "../../api/types.ts";
import { RestoreDialog } from "../../modules/backups/RestoreDialog.tsx";
import { useAgentMutation } from "../../modules/instances/agents.ts";
import { EnrollDialog } from "../../modules/instances/EnrollDialog.tsx";
import { InstanceDrawer } from "../../modules/instances/InstanceDrawer.tsx";
import { RemoveAgentsDialog } from "../../modules/instances/RemoveAgentsDialog.tsx";
import type { InstancesSearch } from "../../search.ts";
import { InstancesPageView } from "./InstancesPageView.tsx";

type Enrolling = { bound?: Instance };
type Removing = { app: App; instances: Instance[] };

/** The project's instances. The URL holds the search, the sort order and the open instance. */
export function InstancesPage() {
  const search = useSearch({ from: "/app/instances" });
  const navigate = useNavigate();
  const go = (next: InstancesSearch) => navigate({ to: "/instances", search: next, replace: true });
  const list = useQuery(instancesQuery);
  const apps = useQuery(appsQuery);
  const catalog = apps.data?.items ?? [];
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [enrolling, setEnrolling] = useState<Enrolling>();
  const [removing, setRemoving] = useState<Removing>();
  const [restoring, setRestoring] = useState<Instance>();
  const agentTask = useAgentMutation(() => setSelected(new Set()));
  return (
    <>
      <InstancesPageView
        search={search}
        onSearch={go}
        instances={list.data}
        apps={catalog}
        error={list.error}
        onRetry={() => list.refetch()}
        selected={selected}
        onSelect={setSelected}
        onEnroll={() => setEnrolling({})}
        onRestore={setRestoring}
        onAgents={(action, instances, app) =>
          action === "remove"
            ? setRemoving({ app, instances })
            : agentTask.mutate({ action, apps: [app.name], instances: instances.map((i) => i.id) })
        }
      />
      {search.instance && (
        <InstanceDrawer
          key={search.instance}
          id={search.instance}
          apps={catalog}
          onClose={() => go({ ...search, instance: undefined })}
          onEnroll={(bound) => setEnrolling({ bound })}
          onRestore={setRestoring}
        />
      )}
      {enrolling && (
        <EnrollDialog
          apps={catalog}
          instances={list.data ?? []}
          bound={enrolling.bound}
          onClose={() => setEnrolling(undefined)}
        />
      )}
      {restoring && <RestoreDialog instance={restoring} onClose={() => setRestoring(undefined)} />}
      {removing && (
        <RemoveAgentsDialog
          {...removing}
          onClose={() => setRemoving(undefined)}
          onStarted={() => {
            setRemoving(undefined);
            setSelected(new Set());
          }}
        />
      )}
    </>
  );
}
