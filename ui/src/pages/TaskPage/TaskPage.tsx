import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useLiveTask } from "../../api/live.ts";
import { isOpen, taskQuery } from "../../api/queries/tasks.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { useIsAdministrator } from "../../modules/session/useSession.ts";
import { TaskPageView } from "./TaskPageView.tsx";

/** One task, updated live. */
export function TaskPage() {
  const { id } = useParams({ from: "/app/tasks/$id" });
  const task = useQuery(taskQuery(id));
  const admin = useIsAdministrator();
  useLiveTask(id, task.data ? isOpen(task.data) : false);
  if (task.data) return <TaskPageView task={task.data} admin={admin} />;
  if (task.error) return <ErrorState error={task.error} onRetry={() => task.refetch()} />;
  return <LoadingRows />;
}
