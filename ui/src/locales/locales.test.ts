import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { en } from "../i18n/en.ts";
import { fr } from "../i18n/fr.ts";

type Texts = { [key: string]: string | Texts };

/** Flattens the texts of a language into "namespace:a.b" → text. */
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
const keysOf = (texts: Map<string, string>) =>
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

/** Returns all quoted strings of the sources and the prefixes before `${` in templates. */
function usedTexts(): { literals: Set<string>; prefixes: string[] } {
  const literals = new Set<string>();
  const prefixes = new Set<string>();
  for (const file of sources("src")) {
    const code = readFileSync(file, "utf8");
    for (const [, text] of code.matchAll(/"([\w:.]+)"/g)) literals.add(text ?? "");
    for (const [, text] of code.matchAll(/`([\w:]+\.)\$\{/g)) prefixes.add(text ?? "");
    // `${code}.title`: match by suffix.
    for (const [, text] of code.matchAll(/`(?:\w+:)?\$\{\w+\}(\.\w+)`/g)) literals.add(text ?? "");
  }
  return { literals, prefixes: [...prefixes] };
}

describe("texts", () => {
  test("both languages have the same keys", () => {
    expect(keysOf(french)).toEqual(keysOf(english));
  });

  test("both languages use the same placeholders", () => {
    const placeholders = (text = "") =>
      [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort();
    for (const [key, text] of english) {
      expect([key, placeholders(french.get(key))]).toEqual([key, placeholders(text)]);
    }
  });

  test("no text is empty", () => {
    const empty = [...english, ...french].filter(([, text]) => text.trim() === "");
    expect(empty).toEqual([]);
  });

  test("every key is used", () => {
    const { literals, prefixes } = usedTexts();
    const unused = keysOf(english).filter((full) => {
      const key = full.split(":")[1] ?? "";
      const suffix = key.slice(key.lastIndexOf("."));
      return !(
        literals.has(full) ||
        literals.has(key) ||
        (full.startsWith("errors:") && literals.has(suffix)) ||
        prefixes.some((p) => full.startsWith(p) || key.startsWith(p))
      );
    });
    expect(unused).toEqual([]);
  });
});
