import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type AuditFilters, outcomes } from "../../api/queries/audit.ts";
import { DayFilter, FilterBar, TextFilter } from "../../components/FilterBar.tsx";
import { auditOperations } from "../../modules/tasks/operations.ts";

interface Props {
  filters: AuditFilters;
  onChange: (filters: AuditFilters) => void;
}

export function AuditFilterBar({ filters, onChange }: Props) {
  const { t } = useTranslation(["audit", "tasks"]);
  const set = (change: AuditFilters) => onChange({ ...filters, ...change });
  const active = Object.values(filters).some(Boolean);
  return (
    <FilterBar onClear={active ? () => onChange({}) : undefined}>
      <TextFilter label={t("filter.q")} value={filters.q} onChange={(q) => set({ q })} />
      <TextFilter
        label={t("filter.actor")}
        width={130}
        value={filters.actor}
        onChange={(actor) => set({ actor })}
      />
      <Select
        label={t("filter.operation")}
        placeholder={t("tasks:filter.any")}
        clearable
        w={200}
        data={auditOperations.map((value) => ({ value, label: t(`tasks:operation.${value}`) }))}
        value={filters.operation ?? null}
        onChange={(value) => set({ operation: value ?? undefined })}
        clearButtonProps={{ "aria-label": t("tasks:filter.clear") }}
      />
      <Select
        label={t("filter.outcome")}
        placeholder={t("tasks:filter.any")}
        clearable
        w={150}
        data={outcomes.map((value) => ({ value, label: t(`outcome.${value}`) }))}
        value={filters.outcome ?? null}
        onChange={(value) => set({ outcome: outcomes.find((o) => o === value) })}
        clearButtonProps={{ "aria-label": t("tasks:filter.clear") }}
      />
      <DayFilter
        label={t("tasks:filter.since")}
        edge="start"
        value={filters.since}
        onChange={(since) => set({ since })}
      />
      <DayFilter
        label={t("tasks:filter.until")}
        edge="end"
        value={filters.until}
        onChange={(until) => set({ until })}
      />
    </FilterBar>
  );
}
