import type { SignIn } from "../../api/types.ts";

const key = "mcm-sign-in";

/** Sign-in fields that are stored in the browser; never the password. */
export type Remembered = Pick<SignIn, "username" | "user_domain" | "project" | "project_domain">;

export function rememberProject({ username, user_domain, project, project_domain }: SignIn) {
  if (!username) return;
  localStorage.setItem(key, JSON.stringify({ username, user_domain, project, project_domain }));
}

export function rememberedProject(): Remembered {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}") as Remembered;
  } catch {
    return {};
  }
}
