import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { setRequestLanguage } from "../api/client.ts";

export type Language = "en" | "fr";
export const languages: Language[] = ["en", "fr"];
export const languageNames: Record<Language, string> = { en: "English", fr: "Français" };

const key = "mcm-language";

const load: Record<Language, () => Promise<object>> = {
  en: () => import("./en.ts").then((m) => m.en),
  fr: () => import("./fr.ts").then((m) => m.fr),
};

/** Returns the stored language, else the first supported browser language, else English. */
export function preferredLanguage(): Language {
  const wanted = [localStorage.getItem(key) ?? "", ...navigator.languages];
  for (const tag of wanted) {
    const found = languages.find((language) => tag.toLowerCase().startsWith(language));
    if (found) return found;
  }
  return "en";
}

export async function startI18n(language: Language): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: (await load[language]()) as never },
    ns: [
      "common",
      "signin",
      "apps",
      "instances",
      "backups",
      "notifications",
      "stack",
      "tasks",
      "audit",
      "errors",
    ],
    defaultNS: "common",
    fallbackLng: false,
    interpolation: { escapeValue: false },
    returnNull: false,
    showSupportNotice: false,
  });
  apply(language);
}

/** Switches the language immediately and stores the choice in this browser. */
export async function switchLanguage(language: Language): Promise<void> {
  const texts = (await load[language]()) as Record<string, object>;
  for (const [namespace, bundle] of Object.entries(texts)) {
    i18next.addResourceBundle(language, namespace, bundle);
  }
  localStorage.setItem(key, language);
  apply(language);
  await i18next.changeLanguage(language);
}

function apply(language: Language) {
  document.documentElement.lang = language;
  setRequestLanguage(language);
}
