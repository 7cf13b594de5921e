import { Tooltip } from "@mantine/core";
import { IconFlask } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { infoQuery } from "../../api/queries/info.ts";
import classes from "./Shell.module.css";

/** Badge shown on every page while the cloud is simulated. */
export function SandboxBadge() {
  const { t } = useTranslation("common");
  const { data } = useQuery(infoQuery);
  if (!data?.sandbox) return null;
  return (
    <Tooltip label={t("sandboxHint")}>
      <span className={classes.sandbox}>
        <IconFlask size={14} aria-hidden /> {t("sandbox")}
      </span>
    </Tooltip>
  );
}
