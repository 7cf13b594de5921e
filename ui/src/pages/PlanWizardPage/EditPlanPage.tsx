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

/** A plan that is there, in the same wizard. */
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
  // What is edited is the plan as it was when editing began: a change that arrives meanwhile must
  // not move the fields, and its ETag must not hide that there was one.
  const [began, setBegan] = useState({ plan, time: 0 });
  const back = () => navigate({ to: "/backups/plans/$id", params: { id: plan.id } });
  return (
    <PlanWizard
      key={began.time}
      plan={began.plan}
      instances={instances}
      onSaved={back}
      onCancel={back}
      onReload={async () => {
        const { data } = await reload();
        if (data) setBegan({ plan: data, time: began.time + 1 });
      }}
    />
  );
}
