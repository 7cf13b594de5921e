import { Tabs } from "@mantine/core";
import { IconArchive, IconCalendarTime, IconDatabaseExport, IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Backup, BackupPlan, Instance } from "../../api/types.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { GuardedButton } from "../../components/Guarded.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { MoreRows } from "../../components/MoreRows.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { BackupTable } from "../../modules/backups/BackupTable.tsx";
import { type BackupsSearch, backupViews } from "../../search.ts";
import { BackupFilterBar } from "./BackupFilterBar.tsx";
import { PlanTable } from "./PlanTable.tsx";

export interface BackupsPageViewProps {
  search: BackupsSearch;
  onSearch: (search: BackupsSearch) => void;
  /** Why a plan cannot be created. */
  reason?: string;
  onNew: () => void;
  plans?: BackupPlan[];
  plansError: unknown;
  instances: Instance[];
  backups?: Backup[];
  backupsError: unknown;
  onRetry: () => void;
  more?: () => void;
  loadingMore: boolean;
  /** The card with the notification channels. */
  notifications: ReactNode;
}

export function BackupsPageView(props: BackupsPageViewProps) {
  const { t } = useTranslation("backups");
  const { search, onSearch } = props;
  return (
    <>
      <PageHeader title={t("title")} intro={t("intro")}>
        <NewPlan {...props} />
      </PageHeader>
      <Tabs
        value={search.view ?? "plans"}
        onChange={(value) => onSearch({ ...search, view: backupViews.find((v) => v === value) })}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="plans" leftSection={<IconCalendarTime size={16} />}>
            {t("view.plans")}
          </Tabs.Tab>
          <Tabs.Tab value="backups" leftSection={<IconArchive size={16} />}>
            {t("view.backups")}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="plans">
          <Plans {...props} />
          {props.notifications}
        </Tabs.Panel>
        <Tabs.Panel value="backups">
          <BackupFilterBar
            search={search}
            onChange={onSearch}
            plans={props.plans ?? []}
            instances={props.instances}
          />
          <Backups {...props} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function NewPlan({ reason, onNew }: BackupsPageViewProps) {
  const { t } = useTranslation("backups");
  return (
    <GuardedButton reason={reason} leftSection={<IconPlus size={16} />} onClick={onNew}>
      {t("newPlan")}
    </GuardedButton>
  );
}

function Plans(props: BackupsPageViewProps) {
  const { t } = useTranslation("backups");
  const { plans, plansError, onRetry, instances } = props;
  if (plansError && !plans) return <ErrorState error={plansError} onRetry={onRetry} />;
  if (!plans) return <LoadingRows />;
  if (plans.length === 0) {
    return (
      <EmptyState icon={IconDatabaseExport} title={t("noPlans")} text={t("noPlansText")}>
        <NewPlan {...props} />
      </EmptyState>
    );
  }
  return <PlanTable plans={plans} instances={instances} />;
}

function Backups(props: BackupsPageViewProps) {
  const { t } = useTranslation("backups");
  const { backups, backupsError, onRetry, search, plans } = props;
  if (backupsError && !backups) return <ErrorState error={backupsError} onRetry={onRetry} />;
  if (!backups) return <LoadingRows />;
  if (backups.length === 0) {
    const filtered = Boolean(search.instance || search.plan || search.method);
    const unplanned = plans?.length === 0;
    return (
      <EmptyState
        icon={IconArchive}
        title={filtered ? t("noneFound") : t("noBackups")}
        text={filtered ? t("noneFoundText") : unplanned ? t("noPlansText") : t("noBackupsText")}
      />
    );
  }
  return (
    <>
      <BackupTable backups={backups} />
      <MoreRows onMore={props.more} loading={props.loadingMore} count={backups.length} />
    </>
  );
}
