import { Alert, Button, Group, List, Select, Stack, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { restoreInstance } from "../../api/queries/backups.ts";
import type { Backup, Instance } from "../../api/types.ts";
import { ConfirmByName } from "../../components/ConfirmByName.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { GuardedButton } from "../../components/Guarded.tsx";
import { useRoleReason } from "../session/useSession.ts";
import { FileBrowser } from "./FileBrowser.tsx";

interface Props {
  backup: Backup;
  /** Those that it can be restored to. */
  instances: Instance[];
  onClose: () => void;
}

export const defaultTarget = "/restore";

/** Whether files come back over those that are there, instead of beside them. */
const overwrites = (target: string) => /^\/+\.?\/*$/.test(target.trim());

export function RestoreForm({ backup, instances, onClose }: Props) {
  const { t } = useTranslation(["backups", "common"]);
  const client = useQueryClient();
  const navigate = useNavigate();
  const role = useRoleReason("operator");
  const soft = backup.method === "soft";
  const own = instances.find((i) => i.id === backup.instance) ?? instances[0];
  const [to, setTo] = useState(own?.id ?? "");
  const [paths, setPaths] = useState<string[]>([]);
  const [target, setTarget] = useState(defaultTarget);
  const [typed, setTyped] = useState("");
  const instance = instances.find((i) => i.id === to);
  const name = instance?.name ?? "";
  const gated = !soft || overwrites(target);
  const restore = useMutation({
    mutationFn: () =>
      restoreInstance(to, {
        backup_id: backup.id,
        paths: soft && paths.length > 0 ? paths : undefined,
        target: soft ? target.trim() : defaultTarget,
        confirm: gated ? typed : name,
      }),
    onSuccess: async (task) => {
      applyTask(client, task);
      onClose();
      await navigate({ to: "/tasks/$id", params: { id: task.id } });
    },
  });
  const badTarget = soft && !target.trim().startsWith("/") ? t("fault.absolute") : undefined;
  return (
    <Stack>
      {soft ? (
        <>
          <FileBrowser backup={backup} chosen={paths} onChoose={setPaths} />
          <Group grow align="flex-start">
            <Select
              label={t("restoreTo")}
              allowDeselect={false}
              searchable
              data={instances.map((i) => ({ value: i.id, label: i.name }))}
              value={to}
              onChange={(value) => setTo(value ?? to)}
            />
            <TextInput
              label={t("target")}
              value={target}
              error={badTarget}
              onChange={(event) => setTarget(event.currentTarget.value)}
            />
          </Group>
          {overwrites(target) && (
            <Alert color="yellow" icon={<IconAlertTriangle />}>
              {t("overwrites")}
            </Alert>
          )}
        </>
      ) : (
        <SnapshotWarning name={name} />
      )}
      {gated && <ConfirmByName name={name} value={typed} onChange={setTyped} />}
      {restore.error && <ErrorState error={restore.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("common:cancel")}
        </Button>
        <GuardedButton
          color={gated ? "red" : undefined}
          reason={role ?? badTarget ?? (gated && typed !== name ? t("reason.type") : undefined)}
          loading={restore.isPending}
          onClick={() => restore.mutate()}
        >
          {t("restore")}
        </GuardedButton>
      </Group>
    </Stack>
  );
}

function SnapshotWarning({ name }: { name: string }) {
  const { t } = useTranslation("backups");
  return (
    <Alert color="yellow" icon={<IconAlertTriangle />} title={t("replaces", { instance: name })}>
      <List size="sm" spacing={4}>
        <List.Item>{t("replacesDisk")}</List.Item>
        <List.Item>{t("replacesSafety")}</List.Item>
        <List.Item>{t("replacesStops")}</List.Item>
      </List>
    </Alert>
  );
}
