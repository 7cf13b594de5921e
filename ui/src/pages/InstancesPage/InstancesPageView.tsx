import { Button } from "@mantine/core";
import { IconPlus, IconServer2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AgentAction, App, Instance } from "../../api/types.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { GuardedButton } from "../../components/Guarded.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { BulkBar } from "../../modules/instances/BulkBar.tsx";
import { useRoleReason } from "../../modules/session/useSession.ts";
import type { InstancesSearch } from "../../search.ts";
import { filterInstances } from "./filterInstances.ts";
import { InstanceFilterBar } from "./InstanceFilterBar.tsx";
import { InstanceTable } from "./InstanceTable.tsx";

export interface InstancesPageViewProps {
  search: InstancesSearch;
  onSearch: (search: InstancesSearch) => void;
  instances?: Instance[];
  apps: App[];
  error: unknown;
  onRetry: () => void;
  selected: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  onEnroll: () => void;
  onAgents: (action: AgentAction, instances: Instance[], app: App) => void;
  onRestore: (instance: Instance) => void;
}

export function InstancesPageView(props: InstancesPageViewProps) {
  const { t } = useTranslation("instances");
  const reason = useRoleReason("operator");
  return (
    <>
      <PageHeader title={t("title")} intro={t("intro")}>
        <GuardedButton
          reason={reason}
          leftSection={<IconPlus size={17} />}
          onClick={props.onEnroll}
        >
          {t("enroll")}
        </GuardedButton>
      </PageHeader>
      <InstanceFilterBar search={props.search} onChange={props.onSearch} />
      <InstanceList {...props} reason={reason} />
    </>
  );
}

function InstanceList(props: InstancesPageViewProps & { reason?: string }) {
  const { t } = useTranslation(["instances", "common"]);
  const { instances, apps, error, onRetry, search, onSearch, selected, onSelect } = props;
  if (error && !instances) return <ErrorState error={error} onRetry={onRetry} />;
  if (!instances) return <LoadingRows />;
  if (instances.length === 0) {
    return (
      <EmptyState icon={IconServer2} title={t("none")} text={t("noneText")}>
        <GuardedButton reason={props.reason} onClick={props.onEnroll}>
          {t("enroll")}
        </GuardedButton>
      </EmptyState>
    );
  }
  const found = filterInstances(instances, search);
  if (found.length === 0) {
    return (
      <EmptyState icon={IconServer2} title={t("noneFound")} text={t("noneFoundText")}>
        <Button
          variant="default"
          onClick={() => onSearch({ ...search, q: undefined, enrolled: undefined })}
        >
          {t("common:clearFilters")}
        </Button>
      </EmptyState>
    );
  }
  // Bulk actions apply only to selected instances that the filters still show.
  const chosen = found.filter((i) => i.enrolled && selected.has(i.id));
  const supported = apps.filter((app) => app.agent.supported);
  return (
    <>
      <InstanceTable
        // A new search resets the table.
        key={`${search.q}${search.enrolled}`}
        instances={found}
        apps={supported}
        selectable={!props.reason}
        selected={selected}
        onSelect={onSelect}
        sort={search.sort ?? "name"}
        onSort={(sort) => onSearch({ ...search, sort })}
        onAgents={props.onAgents}
        onRestore={props.onRestore}
      />
      {chosen.length > 0 && (
        <BulkBar
          count={chosen.length}
          apps={supported}
          onAction={(action, app) => props.onAgents(action, chosen, app)}
          onClear={() => onSelect(new Set())}
        />
      )}
    </>
  );
}
