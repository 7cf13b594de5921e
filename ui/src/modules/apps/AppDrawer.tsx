import { Drawer, Group, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { appQuery } from "../../api/queries/apps.ts";
import type { App } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { useReturnFocus } from "../../components/useReturnFocus.ts";
import classes from "./AppDrawer.module.css";
import { AppSettings, type SettingsTab } from "./AppSettings.tsx";
import { HealthChip } from "./HealthChip.tsx";

interface Props {
  name: string;
  tab: SettingsTab;
  /** ID of the task running on the app, if any. */
  taskId?: string;
  onTab: (tab: SettingsTab) => void;
  onClose: () => void;
  onLaunch: (app: App) => void;
  launchReason?: string;
}

/** Drawer of one app: info, environment, parameters and actions. */
export function AppDrawer(props: Props) {
  const { t } = useTranslation(["apps", "common"]);
  const app = useQuery(appQuery(props.name));
  useReturnFocus();
  return (
    <Drawer
      opened
      onClose={props.onClose}
      position="right"
      size="xl"
      classNames={{ content: classes.content, body: classes.body, header: classes.header }}
      closeButtonProps={{ "aria-label": t("common:close") }}
      title={
        app.data ? (
          <Group gap="sm" wrap="nowrap">
            <img src={app.data.icon} alt="" width={34} height={34} />
            <Text span fw={650} size="lg">
              {app.data.title}
            </Text>
            <HealthChip health={app.data.health} />
          </Group>
        ) : (
          props.name
        )
      }
    >
      {app.data ? (
        <AppSettings {...props} key={app.data.name} app={app.data} />
      ) : app.error ? (
        <ErrorState error={app.error} onRetry={() => app.refetch()} />
      ) : (
        <Skeleton height={320} />
      )}
    </Drawer>
  );
}
