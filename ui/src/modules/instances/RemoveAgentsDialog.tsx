import { Button, List, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { App, Instance } from "../../api/types.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { DialogFooter } from "../../components/DialogFooter.tsx";
import { useAgentMutation } from "./agents.ts";

interface Props {
  app: App;
  instances: Instance[];
  onClose: () => void;
  onStarted: () => void;
}

const maxNames = 8;

/** Confirms the removal of an agent, because the app then receives no more data from the instance. */
export function RemoveAgentsDialog({ app, instances, onClose, onStarted }: Props) {
  const { t } = useTranslation(["instances", "common"]);
  const agentTask = useAgentMutation(onStarted);
  const remove = () =>
    agentTask.mutate({ action: "remove", apps: [app.name], instances: instances.map((i) => i.id) });
  return (
    <Dialog onClose={onClose} title={t("removeTitle", { app: app.title })}>
      <Stack>
        <Text size="sm">{t("removeText", { app: app.title, count: instances.length })}</Text>
        <List size="sm">
          {instances.slice(0, maxNames).map((i) => (
            <List.Item key={i.id}>{i.name}</List.Item>
          ))}
          {instances.length > maxNames && (
            <List.Item>{t("common:andMore", { count: instances.length - maxNames })}</List.Item>
          )}
        </List>
        <DialogFooter onCancel={onClose}>
          <Button color="red" loading={agentTask.isPending} onClick={remove}>
            {t("action.remove")}
          </Button>
        </DialogFooter>
      </Stack>
    </Dialog>
  );
}
