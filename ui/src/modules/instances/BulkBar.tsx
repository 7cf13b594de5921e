import { ActionIcon, Button, Menu, Text } from "@mantine/core";
import {
  IconChevronDown,
  IconDownload,
  IconStethoscope,
  IconTrash,
  IconX,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { AgentAction, App } from "../../api/types.ts";
import { agentActions } from "./agents.ts";
import classes from "./instances.module.css";

interface Props {
  count: number;
  apps: App[];
  onAction: (action: AgentAction, app: App) => void;
  onClear: () => void;
}

const icons = { install: IconDownload, check: IconStethoscope, remove: IconTrash } as const;

/** Bulk actions on the agents of all selected instances; each action is one task. */
export function BulkBar({ count, apps, onAction, onClear }: Props) {
  const { t } = useTranslation("instances");
  return (
    <section className={classes.bulk} aria-label={t("bulk")}>
      <Text size="sm" fw={600} role="status">
        {t("selected", { count })}
      </Text>
      {agentActions.map((action) => {
        const Glyph = icons[action];
        return (
          <Menu
            key={action}
            position="top"
            withInitialFocusPlaceholder={false}
            menuItemTabIndex={0}
          >
            <Menu.Target>
              <Button
                size="xs"
                variant={action === "install" ? "filled" : "default"}
                leftSection={<Glyph size={15} />}
                rightSection={<IconChevronDown size={14} />}
              >
                {t(`action.${action}`)}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label aria-hidden>{t(`bulkWhich.${action}`)}</Menu.Label>
              {apps.map((app) => {
                const missing = action === "install" && app.revision === 0;
                return (
                  <Menu.Item
                    key={app.name}
                    disabled={missing}
                    leftSection={<img src={app.icon} alt="" width={18} height={18} />}
                    onClick={() => onAction(action, app)}
                  >
                    {missing ? t("appNotLaunched", { app: app.title }) : app.title}
                  </Menu.Item>
                );
              })}
            </Menu.Dropdown>
          </Menu>
        );
      })}
      <ActionIcon variant="subtle" color="gray" aria-label={t("clearSelection")} onClick={onClear}>
        <IconX size={16} />
      </ActionIcon>
    </section>
  );
}
