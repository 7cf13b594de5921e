import { Table } from "@mantine/core";
import { IconFileSearch } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AuditFilters } from "../../api/queries/audit.ts";
import type { AuditRecord } from "../../api/types.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { MoreRows } from "../../components/MoreRows.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { Panel } from "../../components/Panel.tsx";
import tables from "../../components/table.module.css";
import { AuditFilterBar } from "./AuditFilterBar.tsx";
import { AuditRow } from "./AuditRow.tsx";
import { ExportButtons } from "./ExportButtons.tsx";

export interface AuditPageViewProps {
  filters: AuditFilters;
  onFilters: (filters: AuditFilters) => void;
  records?: AuditRecord[];
  error: unknown;
  onRetry: () => void;
  more?: () => void;
  loadingMore: boolean;
}

export function AuditPageView(props: AuditPageViewProps) {
  const { t } = useTranslation("audit");
  return (
    <>
      <PageHeader title={t("title")} intro={t("intro")}>
        <ExportButtons filters={props.filters} />
      </PageHeader>
      <AuditFilterBar filters={props.filters} onChange={props.onFilters} />
      <AuditList {...props} />
    </>
  );
}

function AuditList({ records, error, onRetry, filters, more, loadingMore }: AuditPageViewProps) {
  const { t } = useTranslation("audit");
  if (error && !records) return <ErrorState error={error} onRetry={onRetry} />;
  if (!records) return <LoadingRows />;
  if (records.length === 0) {
    const filtered = Object.values(filters).some(Boolean);
    return (
      <EmptyState
        icon={IconFileSearch}
        title={filtered ? t("noneFound") : t("none")}
        text={filtered ? t("noneFoundText") : t("noneText")}
      />
    );
  }
  return (
    <>
      <Panel>
        <Table className={tables.table} aria-label={t("title")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("column.time")}</Table.Th>
              <Table.Th>{t("column.actor")}</Table.Th>
              <Table.Th>{t("column.action")}</Table.Th>
              <Table.Th>{t("column.changes")}</Table.Th>
              <Table.Th>{t("column.outcome")}</Table.Th>
              <Table.Th>{t("column.source")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {records.map((record) => (
              <AuditRow key={record.id} record={record} />
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
      <MoreRows onMore={more} loading={loadingMore} count={records.length} />
    </>
  );
}
