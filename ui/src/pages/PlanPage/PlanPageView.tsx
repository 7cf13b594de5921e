import { Alert, Grid, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconHourglassEmpty } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Backup, BackupPlan, Instance, Task, Verdict } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { MoreRows } from "../../components/MoreRows.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { Panel } from "../../components/Panel.tsx";
import { BackLink } from "../../modules/backups/BackLink.tsx";
import { BackupTable } from "../../modules/backups/BackupTable.tsx";
import { PlanChips } from "../../modules/backups/chips.tsx";
import { NextRuns } from "../../modules/backups/NextRuns.tsx";
import { PlanActions } from "../../modules/backups/PlanActions.tsx";
import { useScheduleWords, wallTime } from "../../modules/backups/schedule.ts";
import { PlanFacts } from "./PlanFacts.tsx";
import { PlanRuns } from "./PlanRuns.tsx";
import { RetentionList } from "./RetentionList.tsx";

/** What was asked for, and how the asking went. */
export interface Asked<T> {
  data?: T;
  error: unknown;
  refetch: () => unknown;
}

export interface PlanPageViewProps {
  plan: BackupPlan;
  instances: Instance[];
  runs: Asked<{ items: Task[] }>;
  retention: Asked<{ items: Verdict[] }>;
  backups: Asked<Backup[]> & { more?: () => void; loadingMore: boolean };
  onDeleted: () => void;
}

export function PlanPageView(props: PlanPageViewProps) {
  const { t } = useTranslation("backups");
  const words = useScheduleWords();
  const { plan, runs, retention } = props;
  return (
    <>
      <BackLink />
      <PageHeader
        title={plan.name}
        intro={t(`configuration.${plan.method}`, { when: words(plan.schedule) })}
        chip={<PlanChips plan={plan} />}
      >
        <PlanActions plan={plan} onDeleted={props.onDeleted} />
      </PageHeader>
      <StaleAlert {...props} />
      {plan.missed_runs > 0 && (
        <Alert color="yellow" icon={<IconAlertTriangle />} mb="md">
          {t("missedText", { count: plan.missed_runs })}
        </Alert>
      )}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap="md">
            <Section title={t("runs")} asked={runs}>
              {runs.data && <PlanRuns runs={runs.data.items} />}
            </Section>
            <Section title={t("retentionPreview")} asked={retention}>
              {retention.data && <RetentionList verdicts={retention.data.items} />}
            </Section>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack gap="md">
            <Panel p="lg">
              <PlanFacts plan={plan} instances={props.instances} />
            </Panel>
            <Panel p="lg">
              <Title order={2} size="h3" mb="sm">
                {t("nextRuns")}
              </Title>
              {plan.paused ? (
                <Text size="sm">
                  {plan.note ? t("pausedNote", { note: plan.note }) : t("pausedNoNote")}
                </Text>
              ) : (
                <NextRuns occurrences={plan.occurrences} zone={plan.schedule.time_zone} />
              )}
            </Panel>
          </Stack>
        </Grid.Col>
      </Grid>
      <PlanBackups {...props} />
    </>
  );
}

/** Names shown before "and 3 more". */
const few = 5;

function StaleAlert({ plan, instances }: PlanPageViewProps) {
  const { t, i18n } = useTranslation(["backups", "common"]);
  if (!plan.stale_since) return null;
  const stale = plan.stale_instances ?? [];
  const names = stale
    .slice(0, few)
    .map((s) => instances.find((i) => i.id === s.instance)?.name ?? s.instance);
  if (stale.length > few) names.push(t("common:andMore", { count: stale.length - few }));
  return (
    <Alert color="red" icon={<IconHourglassEmpty />} title={t("stale")} mb="md">
      {t("staleText", {
        names: names.join(", "),
        when: wallTime(plan.stale_since, i18n.language, plan.schedule.time_zone),
      })}
    </Alert>
  );
}

interface SectionProps {
  title: string;
  asked: Asked<unknown>;
  children: ReactNode;
}

function Section({ title, asked, children }: SectionProps) {
  return (
    <Panel p="lg">
      <Title order={2} size="h3" mb="sm">
        {title}
      </Title>
      {asked.error && !asked.data ? (
        <ErrorState error={asked.error} onRetry={() => asked.refetch()} />
      ) : asked.data ? (
        children
      ) : (
        <LoadingRows rows={3} height={36} />
      )}
    </Panel>
  );
}

function PlanBackups({ backups }: PlanPageViewProps) {
  const { t } = useTranslation("backups");
  return (
    <Stack gap="sm" mt="xl">
      <Title order={2} size="h3">
        {t("title")}
      </Title>
      {backups.error && !backups.data ? (
        <ErrorState error={backups.error} onRetry={() => backups.refetch()} />
      ) : !backups.data ? (
        <LoadingRows rows={3} />
      ) : backups.data.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("noBackupsText")}
        </Text>
      ) : (
        <>
          <BackupTable backups={backups.data} />
          <MoreRows
            onMore={backups.more}
            loading={backups.loadingMore}
            count={backups.data.length}
          />
        </>
      )}
    </Stack>
  );
}
