import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { sessionQuery } from "../../api/queries/session.ts";
import type { Role, Session } from "../../api/types.ts";

const rank: Record<Role, number> = { viewer: 0, operator: 1, administrator: 2 };

/** The current session. Undefined only between sign-out and the redirect to the sign-in page. */
export function useSession(): Session | undefined {
  return useQuery({ ...sessionQuery, enabled: false }).data ?? undefined;
}

/** Returns why the current role is not sufficient for `needed`; undefined if it is. */
export function useRoleReason(needed: Role): string | undefined {
  const { t } = useTranslation("common");
  const role = useSession()?.role ?? "viewer";
  if (rank[role] >= rank[needed]) return undefined;
  return t("roleTooLow", { role: t(`role.${role}`), needed: t(`role.${needed}`) });
}

export function useIsAdministrator(): boolean {
  return useSession()?.role === "administrator";
}
