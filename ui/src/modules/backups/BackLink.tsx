import { Anchor } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { BackupPlan } from "../../api/types.ts";

/** Link back to the plan, or to the list of plans. */
export function BackLink({ plan }: { plan?: BackupPlan }) {
  const { t } = useTranslation("backups");
  return (
    <Anchor
      size="sm"
      display="inline-block"
      mb={6}
      renderRoot={(props) =>
        plan ? (
          <Link to="/backups/plans/$id" params={{ id: plan.id }} {...props} />
        ) : (
          <Link to="/backups" {...props} />
        )
      }
    >
      <IconArrowLeft size={14} aria-hidden /> {plan ? plan.name : t("allPlans")}
    </Anchor>
  );
}
