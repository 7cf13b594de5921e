import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { sessionEnded } from "./api/client.ts";
import { sessionQuery } from "./api/queries/session.ts";
import { PageError } from "./components/PageError.tsx";
import { Shell } from "./modules/shell/Shell.tsx";
import { NotFoundPage } from "./pages/NotFoundPage/NotFoundPage.tsx";
import {
  appsSearch,
  auditSearch,
  backupsSearch,
  instancesSearch,
  signInSearch,
  stackSearch,
  tasksSearch,
} from "./search.ts";

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: signInSearch,
  component: lazyRouteComponent(() => import("./pages/SignInPage/SignInPage.tsx"), "SignInPage"),
});

const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session)
      throw redirect({
        to: "/sign-in",
        search: { next: location.href, expired: sessionEnded() || undefined },
      });
  },
});

const home = createRoute({
  getParentRoute: () => app,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/apps" });
  },
});

const apps = createRoute({
  getParentRoute: () => app,
  path: "/apps",
  validateSearch: appsSearch,
  component: lazyRouteComponent(() => import("./pages/AppsPage/AppsPage.tsx"), "AppsPage"),
});

const instances = createRoute({
  getParentRoute: () => app,
  path: "/instances",
  validateSearch: instancesSearch,
  component: lazyRouteComponent(
    () => import("./pages/InstancesPage/InstancesPage.tsx"),
    "InstancesPage",
  ),
});

const backups = createRoute({
  getParentRoute: () => app,
  path: "/backups",
  validateSearch: backupsSearch,
  component: lazyRouteComponent(() => import("./pages/BackupsPage/BackupsPage.tsx"), "BackupsPage"),
});

const newPlan = createRoute({
  getParentRoute: () => app,
  path: "/backups/new",
  component: lazyRouteComponent(
    () => import("./pages/PlanWizardPage/NewPlanPage.tsx"),
    "NewPlanPage",
  ),
});

const plan = createRoute({
  getParentRoute: () => app,
  path: "/backups/plans/$id",
  component: lazyRouteComponent(() => import("./pages/PlanPage/PlanPage.tsx"), "PlanPage"),
});

const editPlan = createRoute({
  getParentRoute: () => app,
  path: "/backups/plans/$id/edit",
  component: lazyRouteComponent(
    () => import("./pages/PlanWizardPage/EditPlanPage.tsx"),
    "EditPlanPage",
  ),
});

const tasks = createRoute({
  getParentRoute: () => app,
  path: "/tasks",
  validateSearch: tasksSearch,
  component: lazyRouteComponent(() => import("./pages/TasksPage/TasksPage.tsx"), "TasksPage"),
});

const task = createRoute({
  getParentRoute: () => app,
  path: "/tasks/$id",
  component: lazyRouteComponent(() => import("./pages/TaskPage/TaskPage.tsx"), "TaskPage"),
});

const audit = createRoute({
  getParentRoute: () => app,
  path: "/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("./pages/AuditPage/AuditPage.tsx"), "AuditPage"),
});

const stack = createRoute({
  getParentRoute: () => app,
  path: "/stack",
  validateSearch: stackSearch,
  component: lazyRouteComponent(() => import("./pages/StackPage/StackPage.tsx"), "StackPage"),
});

const routeTree = root.addChildren([
  signIn,
  app.addChildren([
    home,
    apps,
    instances,
    backups,
    newPlan,
    plan,
    editPlan,
    tasks,
    task,
    audit,
    stack,
  ]),
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: "intent",
    scrollRestoration: true,
    defaultNotFoundComponent: NotFoundPage,
    defaultErrorComponent: ({ error, reset }) => <PageError error={error} onRetry={reset} />,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
