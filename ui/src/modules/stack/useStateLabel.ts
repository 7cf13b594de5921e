import { useTranslation } from "react-i18next";
import { splitState } from "./statusStyles.ts";

const actions = ["CREATE", "UPDATE", "DELETE"] as const;
const statuses = ["IN_PROGRESS", "COMPLETE", "FAILED"] as const;
const servers = [
  "ACTIVE",
  "BUILD",
  "SHUTOFF",
  "ERROR",
  "REBOOT",
  "RESIZE",
  "VERIFY_RESIZE",
] as const;

/** Returns the localized label of a Heat or Nova state; unknown states are returned unchanged. */
export function useStateLabel(): (state: string) => string {
  const { t } = useTranslation("stack");
  return (state) => {
    const server = servers.find((x) => x === state);
    if (server) return t(`serverState.${server}`);
    const { action, status } = splitState(state);
    if (action === "INIT") return t("resourceState.INIT");
    const a = actions.find((x) => x === action);
    const s = statuses.find((x) => x === status);
    return a && s ? t(`resourceState.${a}.${s}`) : state;
  };
}
