import { Button, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerStop, IconRefresh } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { cancelTask, isOpen, retryTask } from "../../api/queries/tasks.ts";
import type { Task } from "../../api/types.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { GuardedButton } from "../../components/Guarded.tsx";
import { useRoleReason } from "../session/useSession.ts";
import { notifyError } from "./notify.tsx";

const retryable = new Set(["blocked", "failed", "partially_failed", "timed_out"]);

/** Retry and Cancel buttons, shown only in states in which they apply. */
export function TaskActions({ task, size }: { task: Task; size?: string }) {
  const { t } = useTranslation(["tasks", "common"]);
  const reason = useRoleReason("operator");
  const client = useQueryClient();
  const navigate = useNavigate();
  const retry = useMutation({
    mutationFn: () => retryTask(task.id),
    onSuccess: (next) => {
      applyTask(client, next);
      // Retrying a failed task starts a new task; a blocked task resumes under its own ID.
      if (next.id !== task.id) void navigate({ to: "/tasks/$id", params: { id: next.id } });
    },
    onError: notifyError,
  });
  return (
    <Group gap="xs">
      {retryable.has(task.status) && (
        <GuardedButton
          size={size}
          reason={reason}
          loading={retry.isPending}
          leftSection={<IconRefresh size={16} />}
          onClick={() => retry.mutate()}
        >
          {t("retry")}
        </GuardedButton>
      )}
      {isOpen(task) && task.status !== "cancelling" && (
        <CancelButton task={task} size={size} reason={reason} />
      )}
    </Group>
  );
}

function CancelButton({ task, size, reason }: { task: Task; size?: string; reason?: string }) {
  const { t } = useTranslation(["tasks", "common"]);
  const client = useQueryClient();
  const [opened, dialog] = useDisclosure();
  const cancel = useMutation({
    mutationFn: () => cancelTask(task.id),
    onSuccess: (next) => applyTask(client, next),
    onError: notifyError,
    onSettled: dialog.close,
  });
  return (
    <>
      <GuardedButton
        size={size}
        variant="default"
        reason={reason}
        leftSection={<IconPlayerStop size={16} />}
        onClick={dialog.open}
      >
        {t("cancel")}
      </GuardedButton>
      {opened && (
        <Dialog onClose={dialog.close} title={t("cancelTitle")}>
          <Text fw={600}>{task.title}</Text>
          <Text mt="xs">{t("cancelText")}</Text>
          <Group justify="flex-end" mt="lg">
            <Button variant="default" onClick={dialog.close}>
              {t("keepRunning")}
            </Button>
            <Button color="red" loading={cancel.isPending} onClick={() => cancel.mutate()}>
              {t("cancelConfirm")}
            </Button>
          </Group>
        </Dialog>
      )}
    </>
  );
}
