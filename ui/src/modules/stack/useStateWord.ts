import { useTranslation } from "react-i18next";
import { splitState } from "./looks.ts";

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

/** The cloud's state in the reader's language; a word we do not know is shown as it came. */
export function useStateWord(): (state: string) => string {
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
