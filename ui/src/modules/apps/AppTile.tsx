import { ActionIcon, Anchor, Text, Tooltip } from "@mantine/core";
import { IconArrowUpRight, IconPlayerPlay, IconSettings } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { taskIdOf } from "../../api/taskId.ts";
import type { App } from "../../api/types.ts";
import { GuardedButton } from "../../components/Guarded.tsx";
import classes from "./AppTile.module.css";
import { HealthChip } from "./HealthChip.tsx";
import { isLaunchable } from "./health.ts";
import { Reason } from "./Reason.tsx";

interface Props {
  app: App;
  /** Why the app cannot be launched: no stack, role too low, or another task. */
  launchReason?: string;
  onSettings: () => void;
  onLaunch: () => void;
}

/** Round tile of one app: name, health, settings and the main action. */
export function AppTile({ app, launchReason, onSettings, onLaunch }: Props) {
  const { t } = useTranslation("apps");
  const taskId = taskIdOf(app.task);
  const titleId = `app-${app.name}`;
  return (
    <article className={classes.tile} aria-labelledby={titleId}>
      <div className={classes.circle} data-health={app.health}>
        <div className={classes.disc}>
          <div className={classes.face}>
            <img src={app.icon} alt="" width={60} height={60} className={classes.icon} />
            <h2 id={titleId} className={classes.title}>
              {app.title}
            </h2>
            <Text span size="xs" c="dimmed" ta="center" lineClamp={1} className={classes.category}>
              {app.category}
            </Text>
          </div>
          <div className={classes.foot}>
            <Tooltip label={t("settings")}>
              <ActionIcon
                size={36}
                radius="xl"
                variant="subtle"
                aria-label={t("settingsOf", { app: app.title })}
                onClick={onSettings}
              >
                <IconSettings size={21} stroke={1.7} />
              </ActionIcon>
            </Tooltip>
            <MainAction app={app} reason={launchReason} onLaunch={onLaunch} />
          </div>
        </div>
      </div>
      <HealthChip health={app.health} />
      {app.health !== "Missing" && (app.reason || app.since) && (
        <Text size="xs" c="dimmed" ta="center" className={classes.reason}>
          <Reason app={app} />
        </Text>
      )}
      {taskId && (
        <Anchor
          size="xs"
          fw={600}
          renderRoot={(props) => <Link to="/tasks/$id" params={{ id: taskId }} {...props} />}
        >
          {t("viewTask")}
        </Anchor>
      )}
    </article>
  );
}

function MainAction({
  app,
  reason,
  onLaunch,
}: {
  app: App;
  reason?: string;
  onLaunch: () => void;
}) {
  const { t } = useTranslation("apps");
  if (isLaunchable(app)) {
    return (
      <GuardedButton
        size="xs"
        radius="xl"
        variant="light"
        reason={reason}
        leftSection={<IconPlayerPlay size={14} />}
        onClick={onLaunch}
        aria-label={t("launchApp", { app: app.title })}
      >
        {t("launch")}
      </GuardedButton>
    );
  }
  if (!app.url) {
    return (
      <GuardedButton size="xs" radius="xl" variant="light" reason={t("noWebPage")}>
        {t("go")}
      </GuardedButton>
    );
  }
  return (
    <GuardedButton
      size="xs"
      radius="xl"
      rightSection={<IconArrowUpRight size={14} />}
      reason={app.health === "Progressing" ? t("notReady") : undefined}
      href={app.url}
      aria-label={t("goTo", { app: app.title })}
    >
      {t("go")}
    </GuardedButton>
  );
}
