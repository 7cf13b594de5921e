import { IconStack2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { stackOptionsQuery, stackQuery } from "../../api/queries/stack.ts";
import { recentTasksQuery } from "../../api/queries/tasks.ts";
import { taskIdOf } from "../../api/taskId.ts";
import type { Stack } from "../../api/types.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { useRoleReason } from "../../modules/session/useSession.ts";
import { DeployWizard } from "../../modules/stack/DeployWizard.tsx";
import { TaskBanner } from "../../modules/tasks/TaskBanner.tsx";
import { StackPageView } from "./StackPageView.tsx";

/** The toolbox stack: the deploy wizard if it is absent, otherwise its details. */
export function StackPage() {
  const { t } = useTranslation("stack");
  const { view } = useSearch({ from: "/app/stack" });
  const navigate = useNavigate();
  const stack = useQuery(stackQuery);
  const taskId = useStackTask(stack.data);
  if (stack.data && stack.data.state !== "absent") {
    return (
      <StackPageView
        stack={stack.data}
        taskId={taskId}
        view={view ?? "topology"}
        onView={(next) => navigate({ to: "/stack", search: { view: next }, replace: true })}
      />
    );
  }
  return (
    <>
      <PageHeader title={t("title")} intro={t("absentIntro")} />
      {stack.error ? (
        <ErrorState error={stack.error} onRetry={() => stack.refetch()} />
      ) : stack.data ? (
        <>
          {taskId && <TaskBanner id={taskId} />}
          {!stack.data.task && <Absent />}
        </>
      ) : (
        <LoadingRows />
      )}
    </>
  );
}

const needsAttention = new Set(["blocked", "failed", "partially_failed", "timed_out"]);

/** Returns the ID of the running stack task or, if none, of the last one if it did not succeed. */
function useStackTask(stack?: Stack): string | undefined {
  const recent = useQuery(recentTasksQuery);
  const last = recent.data?.items.find((task) => task.operation.startsWith("stack."));
  if (stack?.task) return taskIdOf(stack.task);
  return last && needsAttention.has(last.status) ? last.id : undefined;
}

function Absent() {
  const { t } = useTranslation("stack");
  const reason = useRoleReason("operator");
  const options = useQuery(stackOptionsQuery);
  if (reason) return <EmptyState icon={IconStack2} title={t("absentTitle")} text={reason} />;
  if (options.data) return <DeployWizard options={options.data} />;
  if (options.error) {
    return <ErrorState error={options.error} onRetry={() => options.refetch()} />;
  }
  return <LoadingRows />;
}
