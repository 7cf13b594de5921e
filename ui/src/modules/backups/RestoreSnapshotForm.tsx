import { Alert, List, Radio, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Backup, Instance } from "../../api/types.ts";
import { ConfirmByName } from "../../components/ConfirmByName.tsx";
import { DialogFooter } from "../../components/DialogFooter.tsx";
import { GuardedButton } from "../../components/Guarded.tsx";
import { useRoleReason } from "../session/useSession.ts";
import wizard from "../stack/Wizard.module.css";
import { useRestore } from "./useRestore.ts";

interface Props {
  backup: Backup;
  instances: Instance[];
  onClose: () => void;
}

type RestoreMode = "in_place" | "new_server";

/** Restores a snapshot in place, replacing the disk of its instance, or as a new server. */
export function RestoreSnapshotForm({ backup, instances, onClose }: Props) {
  const { t } = useTranslation("backups");
  const role = useRoleReason("operator");
  const own = instances.find((i) => i.id === backup.instance);
  const name = own?.name ?? backup.instance_name;
  const replaceable = Boolean(own?.image);
  const [mode, setMode] = useState<RestoreMode>(replaceable ? "in_place" : "new_server");
  const [typed, setTyped] = useState("");
  const [serverName, setServerName] = useState(t("newServerSuggested", { instance: name }));
  const [flavor, setFlavor] = useState("");
  const [networks, setNetworks] = useState<string[]>([]);
  const restore = useRestore(onClose);
  const toNewServer = mode === "new_server";
  /** The instance was deleted and the backup does not record its flavor and networks. */
  const specMissing = !own && !backup.server;
  const nameInUse = instances.some((i) => i.name === serverName.trim())
    ? t("fault.nameInUse")
    : undefined;
  const incomplete =
    !serverName.trim() || (specMissing && (!flavor.trim() || networks.length === 0));
  const reason = toNewServer
    ? (nameInUse ?? (incomplete ? t("reason.incomplete") : undefined))
    : typed === name
      ? undefined
      : t("reason.type");
  const go = () =>
    restore.mutate({
      instance: backup.instance,
      body: toNewServer
        ? {
            backup_id: backup.id,
            target: "/restore",
            new_server_name: serverName.trim(),
            flavor: specMissing ? flavor.trim() : undefined,
            networks: specMissing ? networks : undefined,
          }
        : { backup_id: backup.id, target: "/restore", confirm: typed },
    });
  return (
    <Stack>
      <ModeChoice own={own} name={name} mode={mode} onChange={setMode} />
      {toNewServer ? (
        <>
          <TextInput
            label={t("newServerName")}
            value={serverName}
            error={nameInUse}
            maxLength={255}
            autoComplete="off"
            onChange={(event) => setServerName(event.currentTarget.value)}
          />
          {specMissing && (
            <>
              <TextInput
                label={t("flavor")}
                description={t("flavorHelp")}
                value={flavor}
                onChange={(event) => setFlavor(event.currentTarget.value)}
              />
              <TagsInput
                label={t("networks")}
                description={t("networksHelp")}
                value={networks}
                onChange={setNetworks}
              />
            </>
          )}
          <Alert color="blue" icon={<IconInfoCircle />}>
            {t("newServerNote")}
          </Alert>
        </>
      ) : (
        <>
          <SnapshotWarning name={name} />
          <ConfirmByName name={name} value={typed} onChange={setTyped} />
        </>
      )}
      <DialogFooter error={restore.error} onCancel={onClose}>
        <GuardedButton
          color={toNewServer ? undefined : "red"}
          reason={role ?? reason}
          loading={restore.isPending}
          onClick={go}
        >
          {toNewServer ? t("createNewServer") : t("restore")}
        </GuardedButton>
      </DialogFooter>
    </Stack>
  );
}

interface ModeChoiceProps {
  own?: Instance;
  name: string;
  mode: RestoreMode;
  onChange: (mode: RestoreMode) => void;
}

function ModeChoice({ own, name, mode, onChange }: ModeChoiceProps) {
  const { t } = useTranslation("backups");
  const inPlace = own ? (own.image ? "inPlaceText" : "inPlaceVolume") : "inPlaceMissing";
  const texts = { in_place: t(inPlace, { instance: name }), new_server: t("newServerText") };
  const names = { in_place: t("inPlace"), new_server: t("newServer") };
  return (
    <Radio.Group
      label={t("restoreMode")}
      value={mode}
      onChange={(value) => onChange(value === "new_server" ? "new_server" : "in_place")}
    >
      <Stack gap="xs" mt="xs">
        {(["in_place", "new_server"] as const).map((one) => (
          <Radio.Card
            key={one}
            value={one}
            className={wizard.card}
            disabled={one === "in_place" && !own?.image}
          >
            <Radio.Indicator disabled={one === "in_place" && !own?.image} />
            <div>
              <Text fw={600}>{names[one]}</Text>
              <Text size="sm" c="dimmed">
                {texts[one]}
              </Text>
            </div>
          </Radio.Card>
        ))}
      </Stack>
    </Radio.Group>
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
