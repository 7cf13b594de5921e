import { Checkbox, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { AgentAction, App, Instance } from "../../api/types.ts";
import tables from "../../components/table.module.css";
import { Addresses } from "../../modules/instances/Addresses.tsx";
import { AgentButton } from "../../modules/instances/AgentButton.tsx";
import type { AgentReason } from "../../modules/instances/agents.ts";
import { distributionName } from "../../modules/instances/distribution.ts";
import classes from "../../modules/instances/instances.module.css";
import { LastBackup } from "../../modules/instances/LastBackup.tsx";
import { EnrolledChip, InstanceChip, RunningTask } from "../../modules/instances/StatusChips.tsx";

interface Props {
  instance: Instance;
  apps: App[];
  reasonOf: AgentReason;
  selected: boolean;
  /** Absent if the user may not run bulk actions. */
  onSelect?: (on: boolean) => void;
  onAgent: (action: AgentAction, app: App) => void;
  onRestore: () => void;
}

export function InstanceRow(props: Props) {
  const { instance, apps, reasonOf, selected, onSelect, onAgent } = props;
  const { t } = useTranslation("instances");
  return (
    <Table.Tr className={classes.row} data-selected={selected}>
      <Table.Td data-label={t("column.name")}>
        <div className={classes.name}>
          {onSelect && (
            <Checkbox
              size="xs"
              aria-label={t("select", { instance: instance.name })}
              checked={selected && instance.enrolled}
              disabled={!instance.enrolled}
              title={
                instance.enrolled ? undefined : t("reason.notEnrolled", { instance: instance.name })
              }
              onChange={(event) => onSelect(event.currentTarget.checked)}
            />
          )}
          <Link
            className="plainlink wrap"
            to="/instances"
            search={(now) => ({ ...now, instance: instance.id })}
          >
            {instance.name}
          </Link>
        </div>
      </Table.Td>
      <Table.Td data-label={t("column.status")}>
        <div className={classes.chips}>
          <InstanceChip status={instance.status} />
          {!instance.enrolled && <EnrolledChip enrolled={false} />}
          <RunningTask instance={instance} />
        </div>
      </Table.Td>
      <Table.Td data-label={t("column.addresses")}>
        <Addresses addresses={instance.addresses} />
      </Table.Td>
      <Table.Td data-label={t("column.flavor")}>
        {instance.flavor}
        <Text size="xs" c="dimmed" className="wrap">
          {instance.image || t("fromVolume")}
        </Text>
      </Table.Td>
      <Table.Td data-label={t("column.distribution")} className={tables.nowrap}>
        {distributionName(instance.distribution)}
      </Table.Td>
      <Table.Td data-label={t("column.backup")}>
        <LastBackup instance={instance} onRestore={props.onRestore} />
      </Table.Td>
      <Table.Td data-label={t("column.apps")}>
        <div className={classes.agents}>
          {instance.agents.map((agent) => {
            const app = apps.find((a) => a.name === agent.app);
            return (
              app && (
                <AgentButton
                  key={agent.app}
                  instance={instance}
                  agent={agent}
                  app={app}
                  reasonOf={reasonOf}
                  onAction={(action) => onAgent(action, app)}
                />
              )
            );
          })}
        </div>
      </Table.Td>
    </Table.Tr>
  );
}
