import { Alert, Grid, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconHourglassEmpty } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Backup, BackupPlan, Instance, RetentionDecision, Task } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { MoreRows } from "../../components/MoreRows.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { Panel } from "../../components/Panel.tsx";
import { BackLink } from "../../modules/backups/BackLink.tsx";
import { BackupTable } from "../../modules/backups/BackupTable.tsx";
import { NextRuns } from "../../modules/backups/NextRuns.tsx";
import { PlanActions } from "../../modules/backups/PlanActions.tsx";
import { PlanChips } from "../../modules/backups/StatusChips.tsx";
import { useScheduleText, wallTime } from "../../modules/backups/schedule.ts";
import { PlanFacts } from "./PlanFacts.tsx";
import { PlanRuns } from "./PlanRuns.tsx";
import { RetentionList } from "./RetentionList.tsx";

/** The part of a query result that the view needs. */
export interface QueryState<T> {
  data?: T;
  error: unknown;
  refetch: () => unknown;
}

export interface PlanPageViewProps {
  plan: BackupPlan;
  instances: Instance[];
  runs: QueryState<{ items: Task[] }>;
  retention: QueryState<{ items: RetentionDecision[] }>;
  backups: QueryState<Backup[]> & { more?: () => void; loadingMore: boolean };
  onDeleted: () => void;
}

export function PlanPageView(props: PlanPageViewProps) {
  const { t } = useTranslation("backups");
  const scheduleText = useScheduleText();
  const { plan, runs, retention } = props;
  return (
    <>
      <BackLink />
      <PageHeader
        title={plan.name}
        intro={t(`configuration.${plan.method}`, { when: scheduleText(plan.schedule) })}
        chip={<PlanChips plan={plan} />}
      >
        <PlanActions plan={plan} onDeleted={props.onDeleted} />
      </PageHeader>
      <OverdueAlert {...props} />
      {plan.missed_runs > 0 && (
        <Alert color="yellow" icon={<IconAlertTriangle />} mb="md">
          {t("missedText", { count: plan.missed_runs })}
        </Alert>
      )}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap="md">
            <Section title={t("runs")} query={runs}>
              {runs.data && <PlanRuns runs={runs.data.items} />}
            </Section>
            <Section title={t("retentionPreview")} query={retention}>
              {retention.data && <RetentionList decisions={retention.data.items} />}
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

/** Number of names shown before "and n more". */
const maxNames = 5;

function OverdueAlert({ plan, instances }: PlanPageViewProps) {
  const { t, i18n } = useTranslation(["backups", "common"]);
  if (!plan.overdue_since) return null;
  const overdue = plan.overdue_instances ?? [];
  const names = overdue
    .slice(0, maxNames)
    .map((s) => instances.find((i) => i.id === s.instance)?.name ?? s.instance);
  if (overdue.length > maxNames) {
    names.push(t("common:andMore", { count: overdue.length - maxNames }));
  }
  return (
    <Alert color="red" icon={<IconHourglassEmpty />} title={t("overdue")} mb="md">
      {t("overdueText", {
        names: names.join(", "),
        when: wallTime(plan.overdue_since, i18n.language, plan.schedule.time_zone),
      })}
    </Alert>
  );
}

interface SectionProps {
  title: string;
  query: QueryState<unknown>;
  children: ReactNode;
}

function Section({ title, query, children }: SectionProps) {
  return (
    <Panel p="lg">
      <Title order={2} size="h3" mb="sm">
        {title}
      </Title>
      {query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => query.refetch()} />
      ) : query.data ? (
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
