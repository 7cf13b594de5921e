import { Skeleton, Tabs, Text } from "@mantine/core";
import type { RJSFSchema } from "@rjsf/utils";
import { IconForms, IconInfoCircle, IconVariable } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { App } from "../../api/types.ts";
import { TaskBanner } from "../tasks/TaskBanner.tsx";
import classes from "./AppDrawer.module.css";
import { AppFooter } from "./AppFooter.tsx";
import { AppInfo } from "./AppInfo.tsx";
import type { Section } from "./diff.ts";
import { ReviewDialog } from "./ReviewDialog.tsx";
import { useSettingsDraft } from "./useSettingsDraft.ts";

const SchemaForm = lazy(() => import("../schemaForm/SchemaForm.tsx"));

export type SettingsTab = "info" | Section;

interface Props {
  app: App;
  tab: SettingsTab;
  taskId?: string;
  onTab: (tab: SettingsTab) => void;
  onLaunch: (app: App) => void;
  onClose: () => void;
  launchReason?: string;
}

export function AppSettings({ app, tab, taskId, onTab, onLaunch, onClose, launchReason }: Props) {
  const { t } = useTranslation("apps");
  const draft = useSettingsDraft(app, onTab);
  return (
    <>
      {taskId && <TaskBanner id={taskId} />}
      <Tabs value={tab} onChange={(value) => onTab((value ?? "info") as SettingsTab)} flex={1}>
        <Tabs.List>
          <Tabs.Tab value="info" leftSection={<IconInfoCircle size={16} />}>
            {t("tab.info")}
          </Tabs.Tab>
          <Tabs.Tab value="environment" leftSection={<IconVariable size={16} />}>
            {t("tab.environment")}
          </Tabs.Tab>
          <Tabs.Tab value="parameters" leftSection={<IconForms size={16} />}>
            {t("tab.parameters")}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="info" className={classes.panel}>
          <AppInfo app={app} />
        </Tabs.Panel>
        {(["environment", "parameters"] as const).map((section) => (
          <Tabs.Panel key={section} value={section} className={classes.panel}>
            <SectionForm app={app} section={section} draft={draft} />
          </Tabs.Panel>
        ))}
      </Tabs>
      <AppFooter
        app={app}
        draft={draft}
        launchReason={launchReason}
        onLaunch={() => onLaunch(app)}
        onClose={onClose}
      />
      {draft.reviewing && <ReviewDialog app={app} draft={draft} />}
    </>
  );
}

interface SectionProps {
  app: App;
  section: Section;
  draft: ReturnType<typeof useSettingsDraft>;
}

function SectionForm({ app, section, draft }: SectionProps) {
  const { t } = useTranslation("apps");
  const schema = app.schema[section] as RJSFSchema;
  if (!schema?.properties || Object.keys(schema.properties).length === 0) {
    return <Text c="dimmed">{t("noSettings")}</Text>;
  }
  return (
    <Suspense fallback={<Skeleton height={240} />}>
      <SchemaForm
        id={section}
        schema={schema}
        value={draft.value[section] as Record<string, unknown>}
        onChange={(value) => draft.set(section, value)}
        showErrors={draft.showErrors}
        serverErrors={draft.serverErrors[section]}
        disabled={Boolean(draft.reason)}
      />
    </Suspense>
  );
}
