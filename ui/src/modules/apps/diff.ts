import type { App, Settings } from "../../api/types.ts";
import type { Change } from "../../components/Changes.tsx";
import { isSecret, mask } from "../schemaForm/secrets.ts";

export type Section = "environment" | "parameters";
export const sections: Section[] = ["environment", "parameters"];

type Properties = Record<string, { title?: string } | undefined>;

/** Returns the changes that saving `draft` would make, by field; values of secrets are masked. */
export function settingsDiff(app: App, draft: Settings): Change[] {
  return sections.flatMap((section) => sectionDiff(app, section, draft));
}

function sectionDiff(app: App, section: Section, draft: Settings): Change[] {
  const before = app.settings[section] as Record<string, unknown>;
  const after = draft[section] as Record<string, unknown>;
  const properties = propertiesOf(app, section);
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => {
      const hidden = isSecret(properties[key]);
      return {
        field: properties[key]?.title ?? key,
        old: hidden && before[key] ? mask : before[key],
        new: hidden && after[key] ? mask : after[key],
      };
    });
}

function propertiesOf(app: App, section: Section): Properties {
  const { properties } = app.schema[section] as { properties?: Properties };
  return properties ?? {};
}
