import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { FilterBar, TextFilter } from "../../components/FilterBar.tsx";
import { enrolledChoices, type InstancesSearch, instanceSorts } from "../../search.ts";

interface Props {
  search: InstancesSearch;
  onChange: (search: InstancesSearch) => void;
}

export function InstanceFilterBar({ search, onChange }: Props) {
  const { t } = useTranslation("instances");
  const active = Boolean(search.q || search.enrolled);
  const clear = () => onChange({ ...search, q: undefined, enrolled: undefined });
  return (
    <FilterBar onClear={active ? clear : undefined}>
      <TextFilter
        label={t("filter.q")}
        width={260}
        value={search.q}
        onChange={(q) => onChange({ ...search, q })}
      />
      <Select
        label={t("enrollment")}
        w={170}
        allowDeselect={false}
        data={[
          { value: "all", label: t("filter.all") },
          ...enrolledChoices.map((value) => ({ value, label: t(`filter.${value}`) })),
        ]}
        value={search.enrolled ?? "all"}
        onChange={(value) =>
          onChange({ ...search, enrolled: enrolledChoices.find((c) => c === value) })
        }
      />
      {/* Narrow screens hide the column headers, which otherwise sort. */}
      <Select
        hiddenFrom="sm"
        label={t("sort.label")}
        allowDeselect={false}
        data={instanceSorts.map((value) => ({ value, label: t(`sort.${value}`) }))}
        value={search.sort ?? "name"}
        onChange={(value) => onChange({ ...search, sort: instanceSorts.find((s) => s === value) })}
      />
    </FilterBar>
  );
}
