import { Alert, Tabs } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconAlertTriangle,
  IconArrowsMaximize,
  IconPlugConnected,
  IconServer,
  IconSitemap,
  IconTimelineEvent,
  IconTrash,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Stack } from "../../api/types.ts";
import { GuardedButton } from "../../components/Guarded.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { useRoleReason } from "../../modules/session/useSession.ts";
import { ChangeDialog } from "../../modules/stack/ChangeDialog.tsx";
import { DeleteDialog } from "../../modules/stack/DeleteDialog.tsx";
import { EventsView } from "../../modules/stack/EventsView.tsx";
import { NodesView } from "../../modules/stack/NodesView.tsx";
import { OutputsView } from "../../modules/stack/OutputsView.tsx";
import { StackChip } from "../../modules/stack/StatusChips.tsx";
import { isMoving } from "../../modules/stack/statusStyles.ts";
import { TopologyView } from "../../modules/stack/TopologyView.tsx";
import { TaskBanner } from "../../modules/tasks/TaskBanner.tsx";
import type { stackViews } from "../../search.ts";

type View = (typeof stackViews)[number];

const tabs = [
  { view: "topology", icon: IconSitemap },
  { view: "events", icon: IconTimelineEvent },
  { view: "outputs", icon: IconPlugConnected },
  { view: "nodes", icon: IconServer },
] as const;

interface Props {
  stack: Stack;
  taskId?: string;
  view: View;
  onView: (view: View) => void;
}

export function StackPageView({ stack, taskId, view, onView }: Props) {
  const { t } = useTranslation("stack");
  const moving = isMoving(stack.state) || Boolean(stack.task);
  // The task banner already shows the failure, with Retry and Cancel.
  const failureInBanner = Boolean(taskId) && stack.state === "failed";
  return (
    <>
      <PageHeader
        title={stack.name ? t("titleOf", { name: stack.name }) : t("title")}
        chip={<StackChip state={stack.state} />}
      >
        <StackActions stack={stack} />
      </PageHeader>
      {taskId && <TaskBanner id={taskId} />}
      {stack.reason && stack.state !== "ready" && !moving && !failureInBanner && (
        <Alert
          mb="md"
          className="wrap"
          color={stack.state === "failed" ? "red" : "yellow"}
          icon={<IconAlertTriangle />}
          title={t("reason")}
        >
          {stack.reason}
        </Alert>
      )}
      <Tabs
        value={view}
        onChange={(value) => onView((value ?? "topology") as View)}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {tabs.map(({ view: value, icon: Glyph }) => (
            <Tabs.Tab key={value} value={value} leftSection={<Glyph size={16} />}>
              {t(`view.${value}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="topology">
          <TopologyView live={moving} hideFailures={failureInBanner} />
        </Tabs.Panel>
        <Tabs.Panel value="events">
          <EventsView live={moving} />
        </Tabs.Panel>
        <Tabs.Panel value="outputs">
          <OutputsView outputs={stack.outputs} />
        </Tabs.Panel>
        <Tabs.Panel value="nodes">
          <NodesView stack={stack} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function StackActions({ stack }: { stack: Stack }) {
  const { t } = useTranslation("stack");
  const role = useRoleReason("operator");
  const [changing, change] = useDisclosure();
  const [deleting, remove] = useDisclosure();
  const busy = isMoving(stack.state) || stack.task ? t("busy") : undefined;
  return (
    <>
      <GuardedButton
        variant="default"
        reason={role ?? busy ?? (stack.state === "failed" ? t("notWhileFailed") : undefined)}
        leftSection={<IconArrowsMaximize size={16} />}
        onClick={change.open}
      >
        {t("change")}
      </GuardedButton>
      <GuardedButton
        variant="light"
        color="red"
        reason={role ?? busy}
        leftSection={<IconTrash size={16} />}
        onClick={remove.open}
      >
        {t("delete")}
      </GuardedButton>
      {changing && <ChangeDialog stack={stack} onClose={change.close} />}
      {deleting && <DeleteDialog name={stack.name ?? ""} onClose={remove.close} />}
    </>
  );
}
