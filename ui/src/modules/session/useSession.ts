import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { sessionQuery } from "../../api/queries/session.ts";
import type { Role, Session } from "../../api/types.ts";

const rank: Record<Role, number> = { viewer: 0, operator: 1, administrator: 2 };

/** Who is signed in. Undefined only for the moment between signing out and leaving the page. */
export function useSession(): Session | undefined {
  return useQuery({ ...sessionQuery, enabled: false }).data ?? undefined;
}

/** Why someone of this role may not do what needs `needed`; undefined when they may. */
export function useRoleReason(needed: Role): string | undefined {
  const { t } = useTranslation("common");
  const role = useSession()?.role ?? "viewer";
  if (rank[role] >= rank[needed]) return undefined;
  return t("roleTooLow", { role: t(`role.${role}`), needed: t(`role.${needed}`) });
}

export function useIsAdministrator(): boolean {
  return useSession()?.role === "administrator";
}
