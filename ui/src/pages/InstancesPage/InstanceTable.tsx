import { Checkbox, Table, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowsSort, IconArrowUp } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AgentAction, App, Instance } from "../../api/types.ts";
import { MoreRows } from "../../components/MoreRows.tsx";
import { Panel } from "../../components/Panel.tsx";
import tables from "../../components/table.module.css";
import { useAgentReason } from "../../modules/instances/agents.ts";
import classes from "../../modules/instances/instances.module.css";
import type { InstancesSearch } from "../../search.ts";
import { InstanceRow } from "./InstanceRow.tsx";

type Sort = NonNullable<InstancesSearch["sort"]>;

interface Props {
  instances: Instance[];
  apps: App[];
  selectable: boolean;
  selected: ReadonlySet<string>;
  onSelect: (ids: ReadonlySet<string>) => void;
  sort: Sort;
  onSort: (sort: Sort) => void;
  onAgents: (action: AgentAction, instances: Instance[], app: App) => void;
  onRestore: (instance: Instance) => void;
}

/** Rows rendered at a time: rendering a thousand would slow down every update. */
const pageSize = 50;

export function InstanceTable(props: Props) {
  const { t } = useTranslation("instances");
  const { instances, apps, selectable, selected, onSelect, onAgents } = props;
  const [limit, setLimit] = useState(pageSize);
  const reasonOf = useAgentReason();
  const toggle = (id: string, on: boolean) => {
    const next = new Set(selected);
    if (on) next.add(id);
    else next.delete(id);
    onSelect(next);
  };
  return (
    <>
      <Panel>
        <Table className={tables.table} aria-label={t("title")}>
          <Table.Thead>
            <Table.Tr>
              <SortHead {...props} column="name">
                {selectable && <SelectAll {...props} />}
              </SortHead>
              <SortHead {...props} column="status" />
              <Table.Th>{t("column.addresses")}</Table.Th>
              <Table.Th>{t("column.flavor")}</Table.Th>
              <Table.Th>{t("column.distribution")}</Table.Th>
              <Table.Th>{t("column.backup")}</Table.Th>
              <Table.Th>{t("column.apps")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {instances.slice(0, limit).map((instance) => (
              <InstanceRow
                key={instance.id}
                instance={instance}
                apps={apps}
                reasonOf={reasonOf}
                selected={selected.has(instance.id)}
                onSelect={selectable ? (on) => toggle(instance.id, on) : undefined}
                onAgent={(action, app) => onAgents(action, [instance], app)}
                onRestore={() => props.onRestore(instance)}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
      <MoreRows
        onMore={limit < instances.length ? () => setLimit(limit + pageSize) : undefined}
        loading={false}
        count={instances.length}
      />
    </>
  );
}

/** Selects all enrolled instances that match the filters, including those not rendered yet. */
function SelectAll({ instances, selected, onSelect }: Props) {
  const { t } = useTranslation("instances");
  const enrolled = instances.filter((i) => i.enrolled);
  const chosen = enrolled.filter((i) => selected.has(i.id)).length;
  const all = chosen > 0 && chosen === enrolled.length;
  return (
    <Checkbox
      size="xs"
      aria-label={t("selectAll")}
      disabled={enrolled.length === 0}
      checked={all}
      indeterminate={chosen > 0 && !all}
      onChange={() => onSelect(new Set(all ? [] : enrolled.map((i) => i.id)))}
    />
  );
}

interface SortHeadProps {
  column: "name" | "status";
  sort: Sort;
  onSort: (sort: Sort) => void;
  children?: ReactNode;
}

function SortHead({ column, sort, onSort, children }: SortHeadProps) {
  const { t } = useTranslation("instances");
  const up = sort === column;
  const down = sort === `-${column}`;
  const Glyph = up ? IconArrowUp : down ? IconArrowDown : IconArrowsSort;
  return (
    <Table.Th aria-sort={up ? "ascending" : down ? "descending" : "none"}>
      <span className={classes.head}>
        {children}
        <UnstyledButton className={classes.sort} onClick={() => onSort(up ? `-${column}` : column)}>
          {t(`column.${column}`)}
          <Glyph size={13} aria-hidden />
        </UnstyledButton>
      </span>
    </Table.Th>
  );
}
