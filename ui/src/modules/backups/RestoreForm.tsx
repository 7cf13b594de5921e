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
  /** Those that it can be restored to. */
  instances: Instance[];
  onClose: () => void;
}

export const defaultTarget = "/restore";

/** Whether files come back over those that are there, instead of beside them. */
const overwrites = (target: string) => /^\/+\.?\/*$/.test(target.trim());

/** Files of a soft backup go to an instance that is enrolled. */
export function RestoreForm({ backup, instances, onClose }: Props) {
  const { t } = useTranslation("backups");
  const role = useRoleReason("operator");
  const own = instances.find((i) => i.id === backup.instance) ?? instances[0];
  const [to, setTo] = useState(own?.id ?? "");
  const [paths, setPaths] = useState<string[]>([]);
  const [target, setTarget] = useState(defaultTarget);
  const [typed, setTyped] = useState("");
  const instance = instances.find((i) => i.id === to);
  const name = instance?.name ?? "";
  const gated = overwrites(target);
  const restore = useRestore(onClose);
  const go = () =>
    restore.mutate({
      instance: to,
      body: {
        backup_id: backup.id,
        paths: paths.length > 0 ? paths : undefined,
        target: target.trim(),
        confirm: gated ? typed : name,
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
      {gated && <ConfirmByName name={name} value={typed} onChange={setTyped} />}
      <DialogFooter error={restore.error} onCancel={onClose}>
        <GuardedButton
          color={gated ? "red" : undefined}
          reason={role ?? badTarget ?? (gated && typed !== name ? t("reason.type") : undefined)}
          loading={restore.isPending}
          onClick={go}
        >
          {t("restore")}
        </GuardedButton>
      </DialogFooter>
    </Stack>
  );
}
