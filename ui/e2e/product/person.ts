import { expect, type Page } from "@playwright/test";
import type { Session, Task } from "../../src/api/types.ts";

export type Login = "admin" | "demo" | "viewer";

/** Signs in by the form, as a person would. */
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

/** A read of the API with the browser's own session. */
export async function read<T>(page: Page, path: string): Promise<T> {
  const response = await page.request.get(`/api/v1${path}`);
  expect(response.ok(), `${path}: ${response.status()}`).toBe(true);
  return (await response.json()) as T;
}

/** Work that is asked for and waited for, with the browser's own session. */
export async function work(page: Page, method: string, path: string, data?: object) {
  const { csrf_token } = await read<Session>(page, "/session");
  const headers = { "X-CSRF-Token": csrf_token };
  const response = await page.request.fetch(`/api/v1${path}`, { method, headers, data });
  expect(response.ok(), `${path}: ${await response.text()}`).toBe(true);
  const { id } = (await response.json()) as Task;
  const ended = async () => (await read<Task>(page, `/tasks/${encodeURIComponent(id)}`)).status;
  await expect.poll(ended, { timeout: 180_000 }).toBe("succeeded");
}
