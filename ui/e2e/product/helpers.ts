import { expect, type Page } from "@playwright/test";
import type { Session, Task } from "../../src/api/types.ts";
import { expectAccessible } from "../browser.ts";

export type Login = "admin" | "demo" | "viewer";

/** Signs in through the form. */
export async function signIn(page: Page, login: Login, language: "en" | "fr" = "en") {
  await page.addInitScript((l) => {
    if (!localStorage.getItem("mcm-language")) localStorage.setItem("mcm-language", l);
  }, language);
  await page.goto("/sign-in");
  const texts = {
    en: { name: "User name", password: "Password", go: "Sign in" },
    fr: { name: "Nom d’utilisateur", password: "Mot de passe", go: "Se connecter" },
  }[language];
  await page.getByRole("textbox", { name: texts.name }).fill(login);
  await page.locator("input[type=password]").fill(login);
  await page.getByRole("button", { name: texts.go, exact: true }).click();
  await expect(page).toHaveURL(/\/apps$/);
}

/** Sends a GET request to the API with the browser's session. */
export async function apiGet<T>(page: Page, path: string): Promise<T> {
  const response = await page.request.get(`/api/v1${path}`);
  expect(response.ok(), `${path}: ${response.status()}`).toBe(true);
  return (await response.json()) as T;
}

/** Sends a write request to the API with the browser's session. */
export async function apiSend<T>(
  page: Page,
  method: string,
  path: string,
  data?: object,
): Promise<T> {
  const { csrf_token } = await apiGet<Session>(page, "/session");
  const headers = { "X-CSRF-Token": csrf_token };
  const response = await page.request.fetch(`/api/v1${path}`, { method, headers, data });
  expect(response.ok(), `${path}: ${await response.text()}`).toBe(true);
  return (await response.json()) as T;
}

/** Starts a task with the browser's session and waits until it has succeeded. */
export async function runTask(page: Page, method: string, path: string, data?: object) {
  const { id } = await apiSend<Task>(page, method, path, data);
  const ended = async () => (await apiGet<Task>(page, `/tasks/${encodeURIComponent(id)}`)).status;
  await expect.poll(ended, { timeout: 180_000 }).toBe("succeeded");
}

/** Deletes a plan and all its backups from its row or its page. */
export async function deletePlan(page: Page, plan: string) {
  await page.getByRole("button", { name: `More actions for ${plan}` }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: `Delete the plan ${plan}?` });
  await dialog.getByRole("checkbox", { name: "Also delete its backups" }).check();
  const go = dialog.getByRole("button", { name: "Delete plan and backups" });
  await expect(go).toBeDisabled();
  await dialog.getByRole("textbox").fill(plan);
  await expectAccessible(page);
  await go.click();
  await expect(page).toHaveURL(/\/backups$/);
  await expect(page.getByRole("link", { name: plan, exact: true })).toBeHidden();
}
