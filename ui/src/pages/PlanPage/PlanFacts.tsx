import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { BackupPlan, Instance } from "../../api/types.ts";
import { Facts } from "../../components/Facts.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { formatInterval } from "../../modules/backups/units.ts";

/** Settings of a plan. */
export function PlanFacts({ plan, instances }: { plan: BackupPlan; instances: Instance[] }) {
  const { t, i18n } = useTranslation("backups");
  const names = plan.instances.map((id) => instances.find((i) => i.id === id)?.name ?? id);
  const rows: [string, ReactNode][] = [
    [t("column.servers"), names.join(", ")],
    [t("timeZone"), plan.schedule.time_zone],
    [t("catchUp"), formatInterval(plan.catch_up_seconds, i18n.language)],
  ];
  if (plan.schedule.jitter_seconds) {
    rows.push([t("jitter"), formatInterval(plan.schedule.jitter_seconds, i18n.language)]);
  }
  if (plan.method === "snapshot" && plan.snapshot?.consistency_group) {
    rows.push([t("consistencyGroup"), t("consistencyGroupYes")]);
  }
  const soft = plan.method === "soft" ? plan.soft : undefined;
  if (plan.method === "soft") rows.push([t("directories"), plan.directories?.join(" ")]);
  if (soft?.engine) rows.push([t("engine"), soft.engine]);
  if (soft?.excludes?.length) rows.push([t("excludes"), soft.excludes.join(" ")]);
  if (soft?.pre_hook) rows.push([t("preHook"), <code key="b">{soft.pre_hook}</code>]);
  if (soft?.post_hook) rows.push([t("postHook"), <code key="a">{soft.post_hook}</code>]);
  if (soft?.limit_kib_per_second) rows.push([t("limit"), soft.limit_kib_per_second]);
  rows.push([
    t("createdBy"),
    <span key="m">
      {plan.created_by.name} · <RelativeTime at={plan.created_at} />
    </span>,
  ]);
  return <Facts rows={rows} />;
}
