import { Button, List, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { App, Instance } from "../../api/types.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { DialogFooter } from "../../components/DialogFooter.tsx";
import { useAgentWork } from "./agents.ts";

interface Props {
  app: App;
  instances: Instance[];
  onClose: () => void;
  onStarted: () => void;
}

const named = 8;

/** Removing an agent ends what the app gets from the instance, so it is asked once more. */
export function RemoveAgentsDialog({ app, instances, onClose, onStarted }: Props) {
  const { t } = useTranslation(["instances", "common"]);
  const work = useAgentWork(onStarted);
  const remove = () =>
    work.mutate({ action: "remove", apps: [app.name], instances: instances.map((i) => i.id) });
  return (
    <Dialog onClose={onClose} title={t("removeTitle", { app: app.title })}>
      <Stack>
        <Text size="sm">{t("removeText", { app: app.title, count: instances.length })}</Text>
        <List size="sm">
          {instances.slice(0, named).map((i) => (
            <List.Item key={i.id}>{i.name}</List.Item>
          ))}
          {instances.length > named && (
            <List.Item>{t("common:andMore", { count: instances.length - named })}</List.Item>
          )}
        </List>
        <DialogFooter onCancel={onClose}>
          <Button color="red" loading={work.isPending} onClick={remove}>
            {t("action.remove")}
          </Button>
        </DialogFooter>
      </Stack>
    </Dialog>
  );
}
