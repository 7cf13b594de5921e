import { useTranslation } from "react-i18next";
import type { Health } from "../../api/types.ts";
import { StatusChip } from "../../components/StatusChip.tsx";
import { healthLooks } from "./health.ts";

export function HealthChip({ health }: { health: Health }) {
  const { t } = useTranslation("apps");
  return <StatusChip look={healthLooks[health]} word={t(`health.${health}`)} />;
}
