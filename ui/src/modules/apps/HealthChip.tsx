import { useTranslation } from "react-i18next";
import type { Health } from "../../api/types.ts";
import { StatusChip } from "../../components/StatusChip.tsx";
import { healthStyles } from "./health.ts";

export function HealthChip({ health }: { health: Health }) {
  const { t } = useTranslation("apps");
  return <StatusChip statusStyle={healthStyles[health]} label={t(`health.${health}`)} />;
}
