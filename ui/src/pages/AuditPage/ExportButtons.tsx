import { Button, Menu } from "@mantine/core";
import { IconChevronDown, IconDownload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { type AuditFilters, auditExportUrl, type ExportFormat } from "../../api/queries/audit.ts";

const formats: ExportFormat[] = ["xlsx", "csv", "jsonl"];

/** Exports the filtered records as a spreadsheet, CSV or JSON Lines. */
export function ExportButtons({ filters }: { filters: AuditFilters }) {
  const { t } = useTranslation("audit");
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          rightSection={<IconChevronDown size={14} />}
        >
          {t("export")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map((format) => (
          <Menu.Item key={format} component="a" href={auditExportUrl(format, filters)} download>
            {t(`format.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
