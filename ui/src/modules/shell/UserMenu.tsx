import { Avatar, Menu, Text, UnstyledButton } from "@mantine/core";
import { IconApi, IconLogout, IconSelector, IconTimeline } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { infoQuery } from "../../api/queries/info.ts";
import { signOut } from "../../api/queries/session.ts";
import { useIsAdministrator, useSession } from "../session/useSession.ts";
import classes from "./Shell.module.css";

/** Shows the user, project and role; contains Sign out. */
export function UserMenu() {
  const { t } = useTranslation("common");
  const session = useSession();
  const admin = useIsAdministrator();
  const { data: info } = useQuery(infoQuery);
  const client = useQueryClient();
  const navigate = useNavigate();
  const signOutMutation = useMutation({
    mutationFn: () => signOut(client),
    onSettled: () => navigate({ to: "/sign-in" }),
  });
  if (!session) return null;
  return (
    <Menu position="top-start" width={230}>
      <Menu.Target>
        <UnstyledButton
          className={classes.user}
          aria-label={t("userMenu", { name: session.user.name })}
        >
          <Avatar radius="xl" size={34} color="lagoon" name={session.user.name} aria-hidden />
          <span className={classes.userText}>
            <Text span fw={600} size="sm" truncate>
              {session.user.name}
            </Text>
            <Text span c="dimmed" size="xs" truncate>
              {session.project.name} · {t(`role.${session.role}`)}
            </Text>
          </span>
          <IconSelector size={16} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href="/api/docs" leftSection={<IconApi size={16} />}>
          {t("apiReference")}
        </Menu.Item>
        {admin && info?.temporal_web && (
          <Menu.Item component="a" href="/temporal/" leftSection={<IconTimeline size={16} />}>
            {t("temporal")}
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOutMutation.mutate()}>
          {t("signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
