import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { instancesQuery } from "../../api/queries/instances.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { BackLink } from "../../modules/backups/BackLink.tsx";
import { PlanWizard } from "../../modules/backups/PlanWizard.tsx";

/** Creates a backup plan in the wizard. */
export function NewPlanPage() {
  const { t } = useTranslation("backups");
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(instancesQuery);
  return (
    <>
      <BackLink />
      <PageHeader title={t("newPlan")} intro={t("wizardIntro")} />
      {data ? (
        <PlanWizard
          instances={data}
          onSaved={({ id }) => navigate({ to: "/backups/plans/$id", params: { id } })}
          onCancel={() => navigate({ to: "/backups" })}
        />
      ) : error ? (
        <ErrorState error={error} onRetry={() => refetch()} />
      ) : (
        <LoadingRows />
      )}
    </>
  );
}
