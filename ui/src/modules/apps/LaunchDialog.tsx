import { Button, NumberInput, Radio, Select, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { launchApp } from "../../api/queries/apps.ts";
import type { App } from "../../api/types.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { DialogFooter } from "../../components/DialogFooter.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { notifyStarted } from "../tasks/notify.tsx";

const newVolume = "new";

/** Launches an app: version, and a new or a retained volume. */
export function LaunchDialog({ app, onClose }: { app: App; onClose: () => void }) {
  const { t } = useTranslation("apps");
  return (
    <Dialog onClose={onClose} size="md" title={t("launchApp", { app: app.title })}>
      <LaunchForm app={app} onClose={onClose} />
    </Dialog>
  );
}

function LaunchForm({ app, onClose }: { app: App; onClose: () => void }) {
  const { t } = useTranslation("apps");
  const client = useQueryClient();
  const versions = app.available_versions ?? [];
  const form = useForm({
    initialValues: {
      version: app.version ?? versions[0] ?? "",
      volume: app.retained_volumes?.[0]?.id ?? newVolume,
      size: app.volume_size_gb as number | "",
    },
  });
  const { version, volume, size } = form.values;
  const launch = useMutation({
    mutationFn: () =>
      launchApp(app.name, {
        version: version || undefined,
        ...(volume === newVolume
          ? { volume_size_gb: size === "" ? undefined : size }
          : { volume_id: volume }),
      }),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
      onClose();
    },
  });
  return (
    <form onSubmit={form.onSubmit(() => launch.mutate())}>
      <Stack>
        <Text size="sm">{t("launchText")}</Text>
        {versions.length > 1 && (
          <Select
            label={t("version")}
            data={versions}
            allowDeselect={false}
            {...form.getInputProps("version")}
          />
        )}
        {app.health === "Missing" && <VolumeChoice app={app} form={form} />}
        <DialogFooter error={launch.error} onCancel={onClose}>
          <Button type="submit" loading={launch.isPending} data-autofocus>
            {t("launch")}
          </Button>
        </DialogFooter>
      </Stack>
    </form>
  );
}

type Form = ReturnType<typeof useForm<{ version: string; volume: string; size: number | "" }>>;

function VolumeChoice({ app, form }: { app: App; form: Form }) {
  const { t } = useTranslation("apps");
  const retained = app.retained_volumes ?? [];
  return (
    <>
      {retained.length > 0 && (
        <Radio.Group label={t("volume")} {...form.getInputProps("volume")}>
          <Stack gap="xs" mt="xs">
            {retained.map((volume) => (
              <Radio
                key={volume.id}
                value={volume.id}
                label={t("retainedVolume", { size: volume.size_gb })}
                description={
                  <>
                    {volume.id} · <RelativeTime at={volume.created_at} />
                  </>
                }
              />
            ))}
            <Radio value={newVolume} label={t("newVolume")} />
          </Stack>
        </Radio.Group>
      )}
      {form.values.volume === newVolume && (
        <NumberInput
          label={t("volumeSize")}
          description={t("volumeSizeHelp")}
          placeholder={t("volumeSizeDefault", { size: app.volume_size_gb })}
          min={1}
          max={16_384}
          allowDecimal={false}
          {...form.getInputProps("size")}
        />
      )}
    </>
  );
}
