import { Alert, Button, Group, Skeleton } from "@mantine/core";
import { IconApps, IconStack2 } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { App, StackState } from "../../api/types.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { AppTile } from "../../modules/apps/AppTile.tsx";
import classes from "./AppsPage.module.css";

export interface AppsPageViewProps {
  apps?: App[];
  error: unknown;
  onRetry: () => void;
  stackState?: StackState;
  launchReason: (app: App) => string | undefined;
  onSettings: (app: string) => void;
  onLaunch: (app: App) => void;
}

export function AppsPageView(props: AppsPageViewProps) {
  const { t } = useTranslation(["apps", "common"]);
  return (
    <>
      <PageHeader title={t("title")} intro={t("intro")} />
      <StackFirst state={props.stackState} />
      <Tiles {...props} />
    </>
  );
}

function StackFirst({ state }: { state?: StackState }) {
  const { t } = useTranslation(["apps", "common"]);
  if (!state || state === "ready" || state === "degraded" || state === "updating") return null;
  const absent = state === "absent";
  return (
    <Alert mb="lg" icon={<IconStack2 />} title={absent ? t("needStack") : t("stackNotReady")}>
      <Group justify="space-between">
        <span>{absent ? t("needStackText") : t("stackNotReadyText")}</span>
        <Button size="xs" renderRoot={(p) => <Link to="/stack" {...p} />}>
          {absent ? t("deployStack") : t("viewStack")}
        </Button>
      </Group>
    </Alert>
  );
}

function Tiles(props: AppsPageViewProps) {
  const { t } = useTranslation(["apps", "common"]);
  const { apps, error, onRetry } = props;
  if (error && !apps) return <ErrorState error={error} onRetry={onRetry} />;
  if (!apps) {
    return (
      <div className={classes.grid} role="status" aria-busy="true" aria-label={t("common:loading")}>
        {["a", "b", "c", "d"].map((key) => (
          <Skeleton key={key} circle height={216} m="auto" />
        ))}
      </div>
    );
  }
  if (apps.length === 0) {
    return <EmptyState icon={IconApps} title={t("none")} text={t("noneText")} />;
  }
  return (
    <div className={classes.grid}>
      {apps.map((app) => (
        <AppTile
          key={app.name}
          app={app}
          launchReason={props.launchReason(app)}
          onSettings={() => props.onSettings(app.name)}
          onLaunch={() => props.onLaunch(app)}
        />
      ))}
    </div>
  );
}
