import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { BackupPlan, Instance } from "../../api/types.ts";
import { FilterBar } from "../../components/FilterBar.tsx";
import { type BackupsSearch, backupMethods } from "../../search.ts";

interface Props {
  search: BackupsSearch;
  onChange: (search: BackupsSearch) => void;
  plans: BackupPlan[];
  instances: Instance[];
}

/** Adds the selected ID to the options, because the URL may refer to a deleted instance or plan. */
const withChosen = (options: { value: string; label: string }[], chosen?: string) =>
  chosen && !options.some((o) => o.value === chosen)
    ? [{ value: chosen, label: chosen }, ...options]
    : options;

export function BackupFilterBar({ search, onChange, plans, instances }: Props) {
  const { t } = useTranslation("backups");
  const active = Boolean(search.instance || search.plan || search.method);
  const common = {
    clearable: true,
    placeholder: t("filter.any"),
    clearButtonProps: { "aria-label": t("filter.clear") },
  };
  return (
    <FilterBar onClear={active ? () => onChange({ view: search.view }) : undefined}>
      <Select
        {...common}
        searchable
        w={{ base: "100%", sm: 220 }}
        label={t("column.instance")}
        data={withChosen(
          instances.map((i) => ({ value: i.id, label: i.name })),
          search.instance,
        )}
        value={search.instance ?? null}
        onChange={(value) => onChange({ ...search, instance: value ?? undefined })}
      />
      <Select
        {...common}
        searchable
        w={{ base: "100%", sm: 220 }}
        label={t("column.plan")}
        data={withChosen(
          plans.map((p) => ({ value: p.id, label: p.name })),
          search.plan,
        )}
        value={search.plan ?? null}
        onChange={(value) => onChange({ ...search, plan: value ?? undefined })}
      />
      <Select
        {...common}
        w={{ base: "100%", sm: 170 }}
        label={t("column.method")}
        data={backupMethods.map((value) => ({ value, label: t(`method.${value}`) }))}
        value={search.method ?? null}
        onChange={(value) =>
          onChange({ ...search, method: backupMethods.find((m) => m === value) })
        }
      />
    </FilterBar>
  );
}
