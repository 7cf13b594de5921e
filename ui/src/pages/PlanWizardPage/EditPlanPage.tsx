import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { planQuery } from "../../api/queries/backups.ts";
import { instancesQuery } from "../../api/queries/instances.ts";
import type { BackupPlan, Instance } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { BackLink } from "../../modules/backups/BackLink.tsx";
import { PlanWizard } from "../../modules/backups/PlanWizard.tsx";

/** Edits an existing plan in the wizard. */
export function EditPlanPage() {
  const { t } = useTranslation("backups");
  const { id } = useParams({ from: "/app/backups/plans/$id/edit" });
  const plan = useQuery(planQuery(id));
  const instances = useQuery(instancesQuery);
  const error = plan.error ?? instances.error;
  return (
    <>
      <BackLink plan={plan.data} />
      <PageHeader
        title={plan.data ? t("editPlan", { name: plan.data.name }) : t("edit")}
        intro={t("wizardIntro")}
      />
      {plan.data && instances.data ? (
        <Edit plan={plan.data} instances={instances.data} reload={() => plan.refetch()} />
      ) : error ? (
        <ErrorState error={error} onRetry={() => plan.refetch()} />
      ) : (
        <LoadingRows />
      )}
    </>
  );
}

interface EditProps {
  plan: BackupPlan;
  instances: Instance[];
  reload: () => Promise<{ data?: BackupPlan }>;
}

function Edit({ plan, instances, reload }: EditProps) {
  const navigate = useNavigate();
  // Edit the plan as it was when editing began: a concurrent change must neither alter the fields
  // nor replace the ETag, or the conflict would go unnoticed.
  const [initial, setInitial] = useState({ plan, version: 0 });
  const back = () => navigate({ to: "/backups/plans/$id", params: { id: plan.id } });
  return (
    <PlanWizard
      key={initial.version}
      plan={initial.plan}
      instances={instances}
      onSaved={back}
      onCancel={back}
      onReload={async () => {
        const { data } = await reload();
        if (data) setInitial({ plan: data, version: initial.version + 1 });
      }}
    />
  );
}
