import { Alert, Button, Group, Progress, Table, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PreflightCheck, PreflightReport } from "../../api/types.ts";
import { StatusChip } from "../../components/StatusChip.tsx";
import tables from "../../components/table.module.css";
import { resources } from "./resources.ts";

interface Props {
  preflight: PreflightReport;
  onAgain: () => void;
}

/** Results of the preflight check: quotas and parameters that the stack depends on. */
export function PreflightTable({ preflight, onAgain }: Props) {
  const { t } = useTranslation("stack");
  return (
    <>
      <Alert
        mt="md"
        mb="sm"
        color={preflight.ok ? "green" : "red"}
        icon={preflight.ok ? <IconCircleCheck /> : <IconCircleX />}
        title={preflight.ok ? t("preflight.ok") : t("preflight.notOk")}
      >
        <Group justify="space-between">
          <span>{preflight.ok ? t("preflight.okText") : t("preflight.notOkText")}</span>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconRefresh size={14} />}
            onClick={onAgain}
          >
            {t("preflight.again")}
          </Button>
        </Group>
      </Alert>
      <Parameters parameters={preflight.parameters} />
      <Table className={tables.table} aria-label={t("wizard.check")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("preflight.resource")}</Table.Th>
            <Table.Th>{t("preflight.result")}</Table.Th>
            <Table.Th>{t("preflight.needed")}</Table.Th>
            <Table.Th>{t("preflight.used")}</Table.Th>
            <Table.Th>{t("preflight.limit")}</Table.Th>
            <Table.Th>{t("preflight.detail")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {preflight.checks.map((check) => (
            <CheckRow key={check.resource + (check.detail ?? "")} check={check} />
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}

/** Parameters that will be deployed, including those filled in by the preset. */
function Parameters({ parameters: p }: { parameters: PreflightReport["parameters"] }) {
  const { t } = useTranslation("stack");
  const counts = { masters: p.masters ?? 0, nodes: p.nodes ?? 0, etcd: p.etcd ?? 0 };
  const chosen = [
    t("counts", counts),
    p.image,
    p.external_network,
    [...new Set([p.master_flavor, p.node_flavor, p.etcd_flavor])].filter(Boolean).join(", "),
  ];
  return (
    <Text size="sm" mb="sm">
      <b>{t("preflight.chosen")}:</b> {chosen.filter(Boolean).join(" · ")}
    </Text>
  );
}

/** Returns a formatter for numbers in the current language. */
function useNumber(): (value: number) => string {
  const { i18n } = useTranslation();
  return (value) => value.toLocaleString(i18n.language);
}

function CheckRow({ check }: { check: PreflightCheck }) {
  const { t } = useTranslation("stack");
  const known = resources.find((r) => r === check.resource);
  const number = useNumber();
  const counted = check.limit > 0;
  return (
    <Table.Tr>
      <Table.Td data-label={t("preflight.resource")}>
        <Text span size="sm" fw={600}>
          {known ? t(`resource.${known}`) : check.resource}
        </Text>
      </Table.Td>
      <Table.Td data-label={t("preflight.result")}>
        <StatusChip
          statusStyle={
            check.ok ? { tone: "green", icon: IconCircleCheck } : { tone: "red", icon: IconCircleX }
          }
          label={check.ok ? t("preflight.fits") : t("preflight.fails")}
        />
      </Table.Td>
      <Table.Td data-label={t("preflight.needed")}>{counted ? number(check.needed) : "—"}</Table.Td>
      <Table.Td data-label={t("preflight.used")}>{counted ? number(check.used) : "—"}</Table.Td>
      <Table.Td data-label={t("preflight.limit")}>
        {counted ? <Limit check={check} /> : "—"}
      </Table.Td>
      <Table.Td data-label={t("preflight.detail")} className="wrap">
        {check.detail}
      </Table.Td>
    </Table.Tr>
  );
}

function Limit({ check }: { check: PreflightCheck }) {
  const { needed, used, limit } = check;
  const number = useNumber();
  const share = (n: number) => (limit > 0 ? Math.min(100, (100 * n) / limit) : 100);
  return (
    <>
      {number(limit)}
      <Progress.Root size={5} mt={4} w={90} aria-hidden>
        <Progress.Section value={share(used)} color="gray" />
        <Progress.Section value={share(needed)} color={check.ok ? "lagoon" : "red"} />
      </Progress.Root>
    </>
  );
}
