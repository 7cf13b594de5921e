import { Menu, Tooltip, UnstyledButton } from "@mantine/core";
import {
  IconAlertTriangleFilled,
  IconCircleCheckFilled,
  IconCircleXFilled,
  IconDownload,
  IconStethoscope,
  IconTrash,
} from "@tabler/icons-react";
import type { ComponentProps, ReactElement } from "react";
import { useTranslation } from "react-i18next";
import type { AgentAction, AgentState, App, Instance } from "../../api/types.ts";
import type { AgentReason } from "./agents.ts";
import classes from "./instances.module.css";
import { agentStyles } from "./statusStyles.ts";

interface Props {
  instance: Instance;
  agent: AgentState;
  app: App;
  reasonOf: AgentReason;
  onAction: (action: AgentAction, instance: Instance, app: App) => void;
}

/** An app's logo on an instance: installs the agent with one click; once installed, opens a menu. */
export function AgentButton(props: Props) {
  const { t } = useTranslation("instances");
  const { instance, agent, app, reasonOf, onAction } = props;
  const names = { app: app.title, instance: instance.name };
  const state = t(`agent.${agent.state}`);
  if (agent.state === "absent") {
    const reason = reasonOf(instance, app, "install");
    return (
      <Hint label={reason ?? t("installHint", names)}>
        <AgentMark
          app={app}
          state={agent.state}
          aria-label={t("installOn", names)}
          aria-disabled={reason ? true : undefined}
          onClick={() => !reason && onAction("install", instance, app)}
        />
      </Hint>
    );
  }
  return (
    <Menu position="bottom" withArrow withInitialFocusPlaceholder={false} menuItemTabIndex={0}>
      <Hint label={t("agentHint", { app: app.title, state })}>
        <Menu.Target>
          <AgentMark app={app} state={agent.state} aria-label={t("agentOn", { ...names, state })} />
        </Menu.Target>
      </Hint>
      <AgentMenu {...props} />
    </Menu>
  );
}

function Hint({ label, children }: { label: string; children: ReactElement }) {
  return (
    <Tooltip label={label} multiline maw={280} events={{ hover: true, focus: true, touch: true }}>
      {children}
    </Tooltip>
  );
}

const badges = {
  green: IconCircleCheckFilled,
  yellow: IconAlertTriangleFilled,
  red: IconCircleXFilled,
} as const;

interface MarkProps extends ComponentProps<"button"> {
  app: App;
  state: AgentState["state"];
}

function AgentMark({ app, state, ...button }: MarkProps) {
  const { tone, spinning } = agentStyles[state];
  const Badge = tone === "blue" || tone === "gray" ? undefined : badges[tone];
  return (
    <UnstyledButton {...button} className={classes.agent} data-state={state}>
      <img src={app.icon} alt="" width={22} height={22} loading="lazy" />
      {spinning && <span className={classes.ring} />}
      {Badge && (
        <span className={classes.badge} data-tone={tone}>
          <Badge size={14} aria-hidden />
        </span>
      )}
    </UnstyledButton>
  );
}

const icons = { install: IconDownload, check: IconStethoscope, remove: IconTrash } as const;

function AgentMenu({ instance, agent, app, reasonOf, onAction }: Props) {
  const { t } = useTranslation("instances");
  const reinstall = agent.state === "failed" ? "retryInstall" : "reinstall";
  return (
    <Menu.Dropdown>
      <Menu.Label aria-hidden>
        {t("agentHint", { app: app.title, state: t(`agent.${agent.state}`) })}
      </Menu.Label>
      {(["install", "check", "remove"] as const).map((action) => {
        const reason = reasonOf(instance, app, action);
        const Glyph = icons[action];
        return (
          <Menu.Item
            key={action}
            color={action === "remove" ? "red" : undefined}
            leftSection={<Glyph size={16} />}
            aria-disabled={reason ? true : undefined}
            data-disabled={reason ? true : undefined}
            title={reason}
            onClick={() => !reason && onAction(action, instance, app)}
          >
            {action === "install" ? t(reinstall) : t(`action.${action}`)}
          </Menu.Item>
        );
      })}
    </Menu.Dropdown>
  );
}
