import { Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { BackupPlan, Instance } from "../../api/types.ts";
import { Panel } from "../../components/Panel.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import tables from "../../components/table.module.css";
import { PlanActions } from "../../modules/backups/PlanActions.tsx";
import { PlanTime } from "../../modules/backups/PlanTime.tsx";
import { PlanChips } from "../../modules/backups/StatusChips.tsx";
import { useScheduleText } from "../../modules/backups/schedule.ts";
import { TaskChip } from "../../modules/tasks/TaskChip.tsx";

interface Props {
  plans: BackupPlan[];
  instances: Instance[];
}

/** Table of plans: name, servers, configuration, next and last run, health. */
export function PlanTable({ plans, instances }: Props) {
  const { t } = useTranslation("backups");
  return (
    <Panel>
      <Table className={tables.table} aria-label={t("view.plans")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("column.name")}</Table.Th>
            <Table.Th>{t("column.servers")}</Table.Th>
            <Table.Th>{t("column.configuration")}</Table.Th>
            <Table.Th>{t("column.next")}</Table.Th>
            <Table.Th>{t("column.last")}</Table.Th>
            <Table.Th>{t("column.health")}</Table.Th>
            <Table.Th>{t("column.actions")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {plans.map((plan) => (
            <PlanRow key={plan.id} plan={plan} instances={instances} />
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

/** Number of names shown before "and n more". */
const maxNames = 3;

function PlanRow({ plan, instances }: { plan: BackupPlan; instances: Instance[] }) {
  const { t } = useTranslation(["backups", "common"]);
  const scheduleText = useScheduleText();
  const names = plan.instances.map((id) => instances.find((i) => i.id === id)?.name ?? id);
  return (
    <Table.Tr>
      <Table.Td data-label={t("column.name")}>
        <Link className="plainlink wrap" to="/backups/plans/$id" params={{ id: plan.id }}>
          {plan.name}
        </Link>
      </Table.Td>
      <Table.Td data-label={t("column.servers")}>
        <span className="wrap">
          {names.slice(0, maxNames).join(", ")}
          {names.length > maxNames && ` ${t("common:andMore", { count: names.length - maxNames })}`}
        </span>
      </Table.Td>
      <Table.Td data-label={t("column.configuration")}>
        <span>{t(`configuration.${plan.method}`, { when: scheduleText(plan.schedule) })}</span>
        {plan.method === "soft" && (
          <Text size="xs" c="dimmed" className="wrap">
            {plan.directories?.join(" ")}
          </Text>
        )}
      </Table.Td>
      <Table.Td data-label={t("column.next")}>
        <Next plan={plan} />
      </Table.Td>
      <Table.Td data-label={t("column.last")}>
        <Last plan={plan} />
      </Table.Td>
      <Table.Td data-label={t("column.health")}>
        <PlanChips plan={plan} />
      </Table.Td>
      <Table.Td>
        <PlanActions plan={plan} />
      </Table.Td>
    </Table.Tr>
  );
}

function Next({ plan }: { plan: BackupPlan }) {
  const { t } = useTranslation("backups");
  const [next] = plan.next_runs;
  if (plan.paused) {
    return (
      <span className="wrap">
        {plan.note ? t("pausedNote", { note: plan.note }) : t("pausedNoNote")}
      </span>
    );
  }
  return next ? (
    <PlanTime at={next} zone={plan.schedule.time_zone} />
  ) : (
    <span>{t("noNextRun")}</span>
  );
}

function Last({ plan }: { plan: BackupPlan }) {
  const { t } = useTranslation("backups");
  const run = plan.last_run;
  if (!run) return <span>{t("neverRun")}</span>;
  return (
    <span>
      <TaskChip status={run.status} />
      <Text size="xs">
        <Link className="plainlink" to="/tasks/$id" params={{ id: run.task }}>
          <RelativeTime at={run.started_at} />
        </Link>
      </Text>
    </span>
  );
}
