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

type Way = "in_place" | "beside";

/** A snapshot replaces the disk of its own instance, or becomes a new server beside it. */
export function SnapshotForm({ backup, instances, onClose }: Props) {
  const { t } = useTranslation("backups");
  const role = useRoleReason("operator");
  const own = instances.find((i) => i.id === backup.instance);
  const name = own?.name ?? backup.instance_name;
  const replaceable = Boolean(own?.image);
  const [way, setWay] = useState<Way>(replaceable ? "in_place" : "beside");
  const [typed, setTyped] = useState("");
  const [server, setServer] = useState(t("besideSuggested", { instance: name }));
  const [flavor, setFlavor] = useState("");
  const [networks, setNetworks] = useState<string[]>([]);
  const restore = useRestore(onClose);
  const beside = way === "beside";
  /** Gone, and from before it was kept what it was like. */
  const unknown = !own && !backup.server;
  const taken = instances.some((i) => i.name === server.trim()) ? t("fault.taken") : undefined;
  const lacking = !server.trim() || (unknown && (!flavor.trim() || networks.length === 0));
  const missing = beside
    ? (taken ?? (lacking ? t("reason.fill") : undefined))
    : typed === name
      ? undefined
      : t("reason.type");
  const go = () =>
    restore.mutate({
      instance: backup.instance,
      body: beside
        ? {
            backup_id: backup.id,
            target: "/restore",
            beside: server.trim(),
            flavor: unknown ? flavor.trim() : undefined,
            networks: unknown ? networks : undefined,
          }
        : { backup_id: backup.id, target: "/restore", confirm: typed },
    });
  return (
    <Stack>
      <Ways own={own} name={name} way={way} onChange={setWay} />
      {beside ? (
        <>
          <TextInput
            label={t("besideName")}
            value={server}
            error={taken}
            maxLength={255}
            autoComplete="off"
            onChange={(event) => setServer(event.currentTarget.value)}
          />
          {unknown && (
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
            {t("besideNote")}
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
          color={beside ? undefined : "red"}
          reason={role ?? missing}
          loading={restore.isPending}
          onClick={go}
        >
          {beside ? t("restoreBeside") : t("restore")}
        </GuardedButton>
      </DialogFooter>
    </Stack>
  );
}

interface WaysProps {
  own?: Instance;
  name: string;
  way: Way;
  onChange: (way: Way) => void;
}

function Ways({ own, name, way, onChange }: WaysProps) {
  const { t } = useTranslation("backups");
  const inPlace = own ? (own.image ? "inPlaceText" : "inPlaceVolume") : "inPlaceGone";
  const texts = { in_place: t(inPlace, { instance: name }), beside: t("besideText") };
  const names = { in_place: t("inPlace"), beside: t("beside") };
  return (
    <Radio.Group
      label={t("restoreHow")}
      value={way}
      onChange={(value) => onChange(value === "beside" ? "beside" : "in_place")}
    >
      <Stack gap="xs" mt="xs">
        {(["in_place", "beside"] as const).map((one) => (
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
