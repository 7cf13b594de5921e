import { AppShell, Burger, Group, NavLink, ScrollArea, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconApps,
  IconDatabaseExport,
  IconExternalLink,
  IconFileSearch,
  IconListCheck,
  IconServer2,
  IconStack2,
  IconUserCircle,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { Suspense, useCallback } from "react";
import { useTranslation } from "react-i18next";
import { useConnection, useLiveUpdates } from "../../api/live.ts";
import { infoQuery } from "../../api/queries/info.ts";
import type { Task } from "../../api/types.ts";
import { LoadingRows } from "../../components/Loading.tsx";
import { Logo } from "../../components/Logo.tsx";
import { useSession } from "../session/useSession.ts";
import { notifyTaskStopped } from "../tasks/notify.tsx";
import { Preferences } from "./Preferences.tsx";
import { RunningNow } from "./RunningNow.tsx";
import { SandboxBadge } from "./SandboxBadge.tsx";
import classes from "./Shell.module.css";
import { UserMenu } from "./UserMenu.tsx";

const pages = [
  { to: "/apps", key: "apps", icon: IconApps },
  { to: "/instances", key: "instances", icon: IconServer2 },
  { to: "/backups", key: "backups", icon: IconDatabaseExport },
  { to: "/tasks", key: "tasks", icon: IconListCheck },
  { to: "/audit", key: "audit", icon: IconFileSearch },
  { to: "/stack", key: "stack", icon: IconStack2 },
] as const;

/** Layout of every page: menu, user and running task. */
export function Shell() {
  const { t } = useTranslation("common");
  const [opened, menu] = useDisclosure();
  const session = useSession();
  const userId = session?.user.id;
  const onTaskStopped = useCallback(
    (task: Task) => task.actor.id === userId && notifyTaskStopped(task),
    [userId],
  );
  useLiveUpdates(onTaskStopped);
  return (
    <>
      <a className={classes.skip} href="#main">
        {t("skip")}
      </a>
      <AppShell
        layout="alt"
        header={{ height: { base: 56, sm: 0 } }}
        navbar={{ width: 248, breakpoint: "sm", collapsed: { mobile: !opened } }}
      >
        <AppShell.Header hiddenFrom="sm" className={classes.header}>
          <Group h="100%" px="md" gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={menu.toggle} size="sm" aria-label={t("menu")} />
            <Brand />
            <SandboxBadge />
          </Group>
        </AppShell.Header>
        <AppShell.Navbar className={classes.navbar} aria-label={t("menu")}>
          <Group justify="space-between" wrap="nowrap" px="md" pt="md" pb="sm">
            <Brand />
            <Burger
              hiddenFrom="sm"
              opened
              onClick={menu.close}
              size="sm"
              aria-label={t("closeMenu")}
            />
          </Group>
          <Group px="md" pb="sm" visibleFrom="sm">
            <SandboxBadge />
          </Group>
          <ScrollArea flex={1} px="sm">
            <MainMenu onFollow={menu.close} />
          </ScrollArea>
          <Stack gap="sm" p="sm">
            <RunningNow onFollow={menu.close} />
            <Connection />
            <Preferences />
            <UserMenu />
          </Stack>
        </AppShell.Navbar>
        <AppShell.Main id="main" tabIndex={-1} className={classes.main}>
          <div className={classes.page}>
            <Suspense fallback={<LoadingRows />}>
              <Outlet />
            </Suspense>
          </div>
        </AppShell.Main>
      </AppShell>
    </>
  );
}

function Brand() {
  return (
    <Link to="/apps" className={classes.brand}>
      <Logo />
      <span>
        MyCloud<b>Manager</b>
      </span>
    </Link>
  );
}

function MainMenu({ onFollow }: { onFollow: () => void }) {
  const { t } = useTranslation("common");
  const { data: info } = useQuery(infoQuery);
  const path = useRouterState({ select: (s) => s.location.pathname });
  const external = [
    { href: info?.links.horizon, key: "horizon", icon: IconExternalLink },
    { href: info?.links.account, key: "account", icon: IconUserCircle },
  ] as const;
  return (
    <Stack gap={2}>
      {pages.map(({ to, key, icon: Glyph }) => (
        <NavLink
          key={key}
          label={t(`nav.${key}`)}
          leftSection={<Glyph size={19} stroke={1.7} />}
          active={path.startsWith(to)}
          aria-current={path.startsWith(to) ? "page" : undefined}
          className={classes.navLink}
          onClick={onFollow}
          renderRoot={(props) => <Link to={to} {...props} />}
        />
      ))}
      {external.some((link) => link.href) && <div className={classes.rule} />}
      {external.map(
        ({ href, key, icon: Glyph }) =>
          href && (
            <NavLink
              key={key}
              href={href}
              target="_blank"
              rel="noreferrer"
              label={t(`nav.${key}`)}
              leftSection={<Glyph size={19} stroke={1.7} />}
              className={classes.navLink}
            />
          ),
      )}
    </Stack>
  );
}

/** State of the live connection to the server. */
function Connection() {
  const { t } = useTranslation("common");
  const connection = useConnection();
  return (
    <Text size="xs" c="dimmed" role="status" className={classes.connection} data-state={connection}>
      <span aria-hidden className={classes.dot} />
      {t(`connection.${connection}`)}
    </Text>
  );
}
