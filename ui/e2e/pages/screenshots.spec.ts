import { test } from "@playwright/test";
import { MockPlans } from "../../src/testing/backups.ts";
import { MockAbsent, MockDeploy, MockInstances, MockSession } from "../../src/testing/fixtures.ts";
import { expectAccessible, expectNoSideScroll, screens } from "../browser.ts";
import { type MockState, mockApi, mockState } from "./mock.ts";

/** Every page without WCAG violation or horizontal scrolling; writes screenshots if SHOTS is set. */
const views: [string, string, Partial<MockState>?][] = [
  ["sign-in", "/sign-in?expired=true", { session: null }],
  ["apps", "/apps"],
  ["apps-no-stack", "/apps", { stack: MockAbsent, tasks: [] }],
  ["app-info", "/apps?app=ntp"],
  ["app-parameters", "/apps?app=ntp&tab=parameters"],
  ["app-environment", "/apps?app=ntp&tab=environment"],
  ["stack-wizard", "/stack", { stack: MockAbsent, tasks: [] }],
  [
    "stack-deploying",
    "/stack",
    {
      stack: { ...MockAbsent, state: "deploying", name: "mycloudmanager", task: MockDeploy.id },
      tasks: [MockDeploy],
    },
  ],
  ["stack-outputs", "/stack?view=outputs"],
  ["stack-nodes", "/stack?view=nodes"],
  ["stack-events", "/stack?view=events"],
  ["instances", "/instances"],
  ["instances-none", "/instances", { instances: [] }],
  ["instance", `/instances?instance=${MockInstances[2]?.id}`],
  ["instance-outside", `/instances?instance=${MockInstances[1]?.id}`],
  ["viewer-instances", "/instances", { session: { ...MockSession, role: "viewer" } }],
  ["backups", "/backups"],
  ["backups-none", "/backups", { plans: [], backups: [], channels: [] }],
  ["backups-all", "/backups?view=backups"],
  ["backups-filtered", `/backups?view=backups&plan=${MockPlans[2]?.id}`],
  ["backup-plan", `/backups/plans/${MockPlans[0]?.id}`],
  ["backup-plan-soft", `/backups/plans/${MockPlans[1]?.id}`],
  ["backup-plan-paused", `/backups/plans/${MockPlans[2]?.id}`],
  ["backup-plan-edit", `/backups/plans/${MockPlans[1]?.id}/edit`],
  ["backup-new", "/backups/new"],
  ["viewer-backups", "/backups", { session: { ...MockSession, role: "viewer" } }],
  ["tasks", "/tasks"],
  ["task", `/tasks/${encodeURIComponent(MockDeploy.id)}`],
  ["task-blocked", `/tasks/${encodeURIComponent("stack:toolbox~0b10")}`],
  ["audit", "/audit"],
  ["viewer-apps", "/apps", { session: { ...MockSession, role: "viewer" } }],
  ["error", "/tasks", { failures: { "/tasks": { status: 503, code: "unavailable" } } }],
  ["not-found", "/nowhere"],
];

for (const [width, viewport] of Object.entries(screens)) {
  for (const [scheme, lang] of [
    ["light", "en"],
    ["dark", "fr"],
  ] as const) {
    for (const [name, path, change] of views) {
      test(`${name} ${width} ${scheme} ${lang}`, async ({ page }) => {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
        await page.addInitScript((l) => localStorage.setItem("mcm-language", l), lang);
        const errors: string[] = [];
        page.on("pageerror", (error) => errors.push(error.message));
        page.on(
          "console",
          (m) => m.text().includes("Content Security Policy") && errors.push(m.text()),
        );
        await mockApi(page, mockState(change));
        await page.goto(path);
        await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
        await page.waitForLoadState("networkidle");
        if (name === "error") await page.getByRole("alert").waitFor();
        await expectAccessible(page);
        await expectNoSideScroll(page);
        if (process.env.SHOTS) {
          await page.screenshot({
            path: `${process.env.SHOTS}/${name}-${width}-${scheme}-${lang}.png`,
          });
        }
        test.expect(errors).toEqual([]);
      });
    }
  }
}
