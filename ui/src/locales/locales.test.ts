import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { en } from "../i18n/en.ts";
import { fr } from "../i18n/fr.ts";

type Texts = { [key: string]: string | Texts };

/** Every text of a language as "namespace:a.b" → text. */
function flat(texts: Texts, prefix = ""): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    const path =
      prefix === "" ? `${key}:` : prefix.endsWith(":") ? prefix + key : `${prefix}.${key}`;
    if (typeof value === "string") out.set(path, value);
    else for (const [k, v] of flat(value, path)) out.set(k, v);
  }
  return out;
}

const plural = /_(zero|one|two|few|many|other)$/;
const bare = (texts: Map<string, string>) =>
  [...new Set([...texts.keys()].map((key) => key.replace(plural, "")))].sort();
const english = flat(en as Texts);
const french = flat(fr as Texts);

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "locales" ? [] : sources(path);
    return /\.tsx?$/.test(entry.name) && !entry.name.includes(".gen.") ? [path] : [];
  });
}

/** Everything in quotes in the sources, and what stands before `${` in a template. */
function usedTexts(): { whole: Set<string>; beginnings: string[] } {
  const whole = new Set<string>();
  const beginnings = new Set<string>();
  for (const file of sources("src")) {
    const code = readFileSync(file, "utf8");
    for (const [, text] of code.matchAll(/"([\w:.]+)"/g)) whole.add(text ?? "");
    for (const [, text] of code.matchAll(/`([\w:]+\.)\$\{/g)) beginnings.add(text ?? "");
    // `${code}.title`: the ending says it.
    for (const [, text] of code.matchAll(/`(?:\w+:)?\$\{\w+\}(\.\w+)`/g)) whole.add(text ?? "");
  }
  return { whole, beginnings: [...beginnings] };
}

describe("texts", () => {
  test("both languages have the same keys", () => {
    expect(bare(french)).toEqual(bare(english));
  });

  test("both languages fill in the same values", () => {
    const holes = (text = "") => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort();
    for (const [key, text] of english) {
      expect([key, holes(french.get(key))]).toEqual([key, holes(text)]);
    }
  });

  test("no text is empty", () => {
    const empty = [...english, ...french].filter(([, text]) => text.trim() === "");
    expect(empty).toEqual([]);
  });

  test("every key is used", () => {
    const { whole, beginnings } = usedTexts();
    const unused = bare(english).filter((full) => {
      const key = full.split(":")[1] ?? "";
      const ending = key.slice(key.lastIndexOf("."));
      return !(
        whole.has(full) ||
        whole.has(key) ||
        (full.startsWith("errors:") && whole.has(ending)) ||
        beginnings.some((b) => full.startsWith(b) || key.startsWith(b))
      );
    });
    expect(unused).toEqual([]);
  });
});
