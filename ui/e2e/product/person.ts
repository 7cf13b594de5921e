import { expect, type Page } from "@playwright/test";

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
