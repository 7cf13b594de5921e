import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { TaskFilters } from "../../api/queries/tasks.ts";
import type { TaskStatus } from "../../api/types.ts";
import { DayFilter, FilterBar, TextFilter } from "../../components/FilterBar.tsx";
import { operations } from "../../modules/tasks/operations.ts";
import { taskStatuses } from "../../search.ts";

interface Props {
  filters: TaskFilters;
  onChange: (filters: TaskFilters) => void;
}

export function TaskFilterBar({ filters, onChange }: Props) {
  const { t } = useTranslation("tasks");
  const set = (change: TaskFilters) => onChange({ ...filters, ...change });
  const active = Object.values(filters).some(Boolean);
  return (
    <FilterBar onClear={active ? () => onChange({}) : undefined}>
      <Select
        label={t("filter.status")}
        placeholder={t("filter.any")}
        clearable
        w={170}
        data={taskStatuses.map((value) => ({ value, label: t(`status.${value}`) }))}
        value={filters.status ?? null}
        onChange={(value) => set({ status: (value as TaskStatus) ?? undefined })}
        clearButtonProps={{ "aria-label": t("filter.clear") }}
      />
      <Select
        label={t("filter.operation")}
        placeholder={t("filter.any")}
        clearable
        w={210}
        data={operations.map((value) => ({ value, label: t(`operation.${value}`) }))}
        value={filters.operation ?? null}
        onChange={(value) => set({ operation: value ?? undefined })}
        clearButtonProps={{ "aria-label": t("filter.clear") }}
      />
      <TextFilter
        label={t("filter.target")}
        value={filters.target}
        onChange={(target) => set({ target })}
      />
      <TextFilter
        label={t("filter.actor")}
        value={filters.actor}
        onChange={(actor) => set({ actor })}
      />
      <DayFilter
        label={t("filter.since")}
        edge="start"
        value={filters.since}
        onChange={(since) => set({ since })}
      />
      <DayFilter
        label={t("filter.until")}
        edge="end"
        value={filters.until}
        onChange={(until) => set({ until })}
      />
    </FilterBar>
  );
}
