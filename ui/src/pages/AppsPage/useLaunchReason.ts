import { useTranslation } from "react-i18next";
import type { App, StackState } from "../../api/types.ts";
import { useRoleReason } from "../../modules/session/useSession.ts";

/** Returns why an app cannot be launched; undefined if it can. */
export function useLaunchReason(state?: StackState): (app: App) => string | undefined {
  const { t } = useTranslation("apps");
  const role = useRoleReason("operator");
  return (app) => {
    if (role) return role;
    if (state === "absent") return t("needStack");
    if (!app.available) return t("stackNotReady");
    return app.task ? t("busy") : undefined;
  };
}
