import { Alert, Button, Group, Stack, Tabs, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCheck,
  IconCloudPlus,
  IconCopy,
  IconKey,
  IconTerminal2,
} from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { CreatedToken, Instance } from "../../api/types.ts";
import { copyText } from "../../components/clipboard.ts";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import classes from "./instances.module.css";

interface Props {
  token: CreatedToken;
  /** The instance that the token is restricted to. */
  instance?: Instance;
  onAnother: () => void;
  onClose: () => void;
}

/** Shows a new token. Its secret cannot be shown again. */
export function CreatedTokenView({ token, instance, onAnother, onClose }: Props) {
  const { t } = useTranslation(["instances", "common"]);
  return (
    <Stack>
      <Alert color="yellow" icon={<IconKey />} title={t("shownOnce")}>
        {t("shownOnceText")}
      </Alert>
      <Tabs defaultValue="command" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="command" leftSection={<IconTerminal2 size={16} />}>
            {t("command")}
          </Tabs.Tab>
          <Tabs.Tab value="cloud" leftSection={<IconCloudPlus size={16} />}>
            {t("cloudConfig")}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="command" pt="sm">
          <Paste text={t("commandText")} code={token.command} what={t("command")} />
        </Tabs.Panel>
        <Tabs.Panel value="cloud" pt="sm">
          <Paste text={t("cloudConfigText")} code={token.cloud_config} what={t("cloudConfig")} />
        </Tabs.Panel>
      </Tabs>
      <Text size="sm">
        {t("validFor", { count: token.max_uses })}{" "}
        {instance && t("onlyFor", { instance: instance.name })} {t("expires")}{" "}
        <RelativeTime at={token.expires_at} />.
      </Text>
      {token.warning && (
        <Alert color="yellow" icon={<IconAlertTriangle />}>
          {t("longLived")}
        </Alert>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onAnother}>
          {t("createAnother")}
        </Button>
        <Button onClick={onClose}>{t("common:close")}</Button>
      </Group>
    </Stack>
  );
}

function Paste({ text, code, what }: { text: string; code: string; what: string }) {
  const { t } = useTranslation(["instances", "common"]);
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    setCopied(await copyText(code));
    setTimeout(() => setCopied(false), 1_800);
  };
  return (
    <Stack gap="xs">
      <Text size="sm">{text}</Text>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section className={classes.code} tabIndex={0} aria-label={what}>
        {code}
      </section>
      <Group>
        <Button
          size="xs"
          variant="light"
          leftSection={copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
          onClick={copy}
        >
          {copied ? t("common:copied") : t("common:copy", { what })}
        </Button>
      </Group>
    </Stack>
  );
}
