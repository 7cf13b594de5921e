import { Anchor, Drawer, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconNetwork, IconPlugX, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { connectInstance, instanceQuery } from "../../api/queries/instances.ts";
import type { App, Instance } from "../../api/types.ts";
import { CopyButton } from "../../components/CopyButton.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { Facts } from "../../components/Facts.tsx";
import { GuardedButton } from "../../components/Guarded.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useReturnFocus } from "../../components/useReturnFocus.ts";
import drawer from "../apps/AppDrawer.module.css";
import { useRoleReason } from "../session/useSession.ts";
import { notifyError, notifyStarted } from "../tasks/notify.tsx";
import { Addresses } from "./Addresses.tsx";
import { distributionName } from "./distribution.ts";
import { InstanceTasks } from "./InstanceTasks.tsx";
import classes from "./instances.module.css";
import { LastBackup } from "./LastBackup.tsx";
import { AgentChip, EnrolledChip, InstanceChip, RunningTask } from "./StatusChips.tsx";
import { UnenrollDialog } from "./UnenrollDialog.tsx";

interface Props {
  id: string;
  apps: App[];
  onClose: () => void;
  onEnroll: (instance: Instance) => void;
  onRestore: (instance: Instance) => void;
}

/** Drawer of one instance: details, agents, backups, tasks and actions. */
export function InstanceDrawer({ id, apps, onClose, onEnroll, onRestore }: Props) {
  const { t } = useTranslation(["instances", "common"]);
  const { data: instance, error, refetch } = useQuery(instanceQuery(id));
  useReturnFocus();
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      classNames={{ content: drawer.content, body: drawer.body, header: drawer.header }}
      closeButtonProps={{ "aria-label": t("common:close") }}
      title={
        <Group gap="sm">
          <Text span fw={650} size="lg" className="wrap">
            {instance?.name ?? t("instance")}
          </Text>
          {instance && <InstanceChip status={instance.status} />}
        </Group>
      }
    >
      {instance ? (
        <>
          <div className={drawer.panel}>
            <Details instance={instance} apps={apps} onRestore={() => onRestore(instance)} />
          </div>
          <Actions instance={instance} onEnroll={() => onEnroll(instance)} />
        </>
      ) : error ? (
        <ErrorState error={error} onRetry={() => refetch()} />
      ) : (
        <Skeleton height={320} />
      )}
    </Drawer>
  );
}

interface DetailsProps {
  instance: Instance;
  apps: App[];
  onRestore: () => void;
}

function Details({ instance, apps, onRestore }: DetailsProps) {
  const { t } = useTranslation("instances");
  const rows: [string, ReactNode][] = [
    [
      t("enrollment"),
      <Group key="e" gap="xs">
        <EnrolledChip enrolled={instance.enrolled} />
        {instance.enrolled_at && <RelativeTime at={instance.enrolled_at} />}
      </Group>,
    ],
    [t("column.addresses"), <Addresses key="a" addresses={instance.addresses} networks />],
  ];
  if (instance.address) rows.push([t("sshAddress"), <code key="s">{instance.address}</code>]);
  if (instance.distribution)
    rows.push([t("column.distribution"), distributionName(instance.distribution)]);
  rows.push(
    [t("flavor"), instance.flavor || "—"],
    [t("image"), instance.image || t("fromVolume")],
    [
      t("id"),
      <Group key="i" gap={4} wrap="nowrap">
        <code className="wrap">{instance.id}</code>
        <CopyButton value={instance.id} label={t("id")} />
      </Group>,
    ],
  );
  return (
    <Stack gap="xl">
      <RunningTask instance={instance} />
      <Facts rows={rows} />
      <section aria-label={t("agents")}>
        <Title order={2} size="h4" mb="xs">
          {t("agents")}
        </Title>
        <AgentList instance={instance} apps={apps} />
      </section>
      <section aria-label={t("backups")}>
        <Title order={2} size="h4" mb="xs">
          {t("backups")}
        </Title>
        <Group justify="space-between">
          <LastBackup instance={instance} onRestore={onRestore} />
          {instance.restore_points > 0 && (
            <Anchor
              size="sm"
              renderRoot={(props) => (
                <Link
                  to="/backups"
                  search={{ view: "backups", instance: instance.id }}
                  {...props}
                />
              )}
            >
              {t("allBackups")}
            </Anchor>
          )}
        </Group>
      </section>
      <section aria-label={t("tasks")}>
        <Title order={2} size="h4" mb="xs">
          {t("tasks")}
        </Title>
        <InstanceTasks id={instance.id} />
      </section>
    </Stack>
  );
}

function AgentList({ instance, apps }: { instance: Instance; apps: App[] }) {
  const { t } = useTranslation("instances");
  const present = instance.agents.filter((a) => a.state !== "absent");
  if (present.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {instance.enrolled ? t("noAgents") : t("noAgentsYet")}
      </Text>
    );
  }
  return (
    <ul className={classes.agentList}>
      {present.map((agent) => {
        const app = apps.find((a) => a.name === agent.app);
        return (
          <li key={agent.app}>
            <Group gap="xs" wrap="nowrap">
              {app && <img src={app.icon} alt="" width={22} height={22} />}
              <Text span size="sm" fw={600}>
                {app?.title ?? agent.app}
              </Text>
              {agent.version && (
                <Text span size="xs" c="dimmed">
                  {agent.version}
                </Text>
              )}
            </Group>
            <Group gap="xs">
              <AgentChip state={agent.state} />
              {agent.since && (
                <Text span size="xs" c="dimmed">
                  <RelativeTime at={agent.since} />
                </Text>
              )}
            </Group>
          </li>
        );
      })}
    </ul>
  );
}

function Actions({ instance, onEnroll }: { instance: Instance; onEnroll: () => void }) {
  const { t } = useTranslation("instances");
  const client = useQueryClient();
  const role = useRoleReason("operator");
  const reason =
    role ?? (instance.task ? t("reason.busy", { instance: instance.name }) : undefined);
  const [opened, dialog] = useDisclosure();
  const connect = useMutation({
    mutationFn: () => connectInstance(instance.id),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
    },
    onError: notifyError,
  });
  return (
    <Group className={drawer.foot} justify="space-between" gap="xs">
      <Group gap="xs">
        {!instance.enrolled && (
          <GuardedButton reason={role} leftSection={<IconPlus size={16} />} onClick={onEnroll}>
            {t("enroll")}
          </GuardedButton>
        )}
        <GuardedButton
          variant="default"
          reason={reason}
          loading={connect.isPending}
          leftSection={<IconNetwork size={16} />}
          onClick={() => connect.mutate()}
        >
          {t("connect")}
        </GuardedButton>
      </Group>
      {instance.enrolled && (
        <GuardedButton
          variant="subtle"
          color="red"
          reason={reason}
          leftSection={<IconPlugX size={16} />}
          onClick={dialog.open}
        >
          {t("unenroll")}
        </GuardedButton>
      )}
      {opened && <UnenrollDialog instance={instance} onClose={dialog.close} />}
    </Group>
  );
}
