import { Alert, Group, Select, Stack, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Backup, Instance } from "../../api/types.ts";
import { ConfirmByName } from "../../components/ConfirmByName.tsx";
import { DialogFooter } from "../../components/DialogFooter.tsx";
import { GuardedButton } from "../../components/Guarded.tsx";
import { useRoleReason } from "../session/useSession.ts";
import { FileBrowser } from "./FileBrowser.tsx";
import { useRestore } from "./useRestore.ts";

interface Props {
  backup: Backup;
  /** Instances the backup can be restored to. */
  instances: Instance[];
  onClose: () => void;
}

export const defaultTarget = "/restore";

/** Reports whether the target is the root directory, so that existing files are overwritten. */
const overwrites = (target: string) => /^\/+\.?\/*$/.test(target.trim());

/** Restores files of a backup to an enrolled instance. */
export function RestoreFilesForm({ backup, instances, onClose }: Props) {
  const { t } = useTranslation("backups");
  const role = useRoleReason("operator");
  const own = instances.find((i) => i.id === backup.instance) ?? instances[0];
  const [to, setTo] = useState(own?.id ?? "");
  const [paths, setPaths] = useState<string[]>([]);
  const [target, setTarget] = useState(defaultTarget);
  const [typed, setTyped] = useState("");
  const instance = instances.find((i) => i.id === to);
  const name = instance?.name ?? "";
  const needsConfirmation = overwrites(target);
  const restore = useRestore(onClose);
  const go = () =>
    restore.mutate({
      instance: to,
      body: {
        backup_id: backup.id,
        paths: paths.length > 0 ? paths : undefined,
        target: target.trim(),
        confirm: needsConfirmation ? typed : name,
      },
    });
  const badTarget = !target.trim().startsWith("/") ? t("fault.absolute") : undefined;
  return (
    <Stack>
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
      {needsConfirmation && <ConfirmByName name={name} value={typed} onChange={setTyped} />}
      <DialogFooter error={restore.error} onCancel={onClose}>
        <GuardedButton
          color={needsConfirmation ? "red" : undefined}
          reason={
            role ??
            badTarget ??
            (needsConfirmation && typed !== name ? t("reason.type") : undefined)
          }
          loading={restore.isPending}
          onClick={go}
        >
          {t("restore")}
        </GuardedButton>
      </DialogFooter>
    </Stack>
  );
}
