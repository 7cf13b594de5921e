import { Anchor, Code, Group, List, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { stackQuery } from "../../api/queries/stack.ts";
import type { App } from "../../api/types.ts";
import { CopyButton } from "../../components/CopyButton.tsx";
import { Facts } from "../../components/Facts.tsx";
import { Reason } from "./Reason.tsx";

/** Description, addresses, credentials and volume of an app. */
export function AppInfo({ app }: { app: App }) {
  const rows = useRows(app);
  return (
    <Stack gap="lg">
      <Text>{app.description}</Text>
      {app.links?.length > 0 && (
        <List size="sm">
          {app.links.map((link) => (
            <List.Item key={link.url}>
              <Anchor href={link.url} target="_blank" rel="noreferrer">
                {link.title || link.url}
              </Anchor>
            </List.Item>
          ))}
        </List>
      )}
      <Facts rows={rows} />
    </Stack>
  );
}

function useRows(app: App): [string, ReactNode][] {
  const { t } = useTranslation("apps");
  const { default_credentials: login, volume } = app;
  // The volume refers to its server by ID; the apps page has already loaded the stack.
  const { data: stack } = useQuery({ ...stackQuery, enabled: false });
  const node = stack?.nodes.find((n) => n.id === volume?.attached_to)?.name ?? volume?.attached_to;
  const rows: [string, ReactNode][] = [[t("version"), app.version || "—"]];
  if (app.reason) {
    rows.push([t("reason"), <Reason key="r" app={app} />]);
  }
  rows.push([t("dnsName"), <Copyable key="d" value={app.dns_name} label={t("dnsName")} />]);
  if (app.url) rows.push([t("address"), <Copyable key="u" value={app.url} label={t("address")} />]);
  if (login?.username) {
    rows.push([
      t("defaultCredentials"),
      <Copyable
        key="l"
        value={[login.username, login.password].filter(Boolean).join(" / ")}
        label={t("defaultCredentials")}
      />,
    ]);
  }
  rows.push([
    t("volume"),
    volume
      ? `${t("gigabytes", { size: volume.size_gb })}${node ? ` · ${t("attachedTo", { node })}` : ""}`
      : t("noVolume"),
  ]);
  if (volume)
    rows.push([t("volumeId"), <Copyable key="v" value={volume.id} label={t("volumeId")} />]);
  if (app.revision) rows.push([t("revision"), String(app.revision)]);
  return rows;
}

function Copyable({ value, label }: { value: string; label: string }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Code className="wrap">{value}</Code>
      <CopyButton value={value} label={label} />
    </Group>
  );
}
