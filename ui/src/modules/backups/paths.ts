/** Reports whether a path or one of its parent directories is selected. */
export const isCovered = (path: string, chosen: string[]) =>
  chosen.some((c) => path === c || path.startsWith(c.endsWith("/") ? c : `${c}/`));

/** Toggles the selection of a path; selecting a directory replaces selections below it. */
export function togglePath(path: string, chosen: string[]): string[] {
  if (chosen.includes(path)) return chosen.filter((c) => c !== path);
  return [...chosen.filter((c) => !isCovered(c, [path])), path];
}

/** Returns the directories from the root to the path, inclusive. */
export function breadcrumbs(path: string): { name: string; path: string }[] {
  const names = path.split("/").filter(Boolean);
  return [
    { name: "/", path: "/" },
    ...names.map((name, n) => ({ name, path: `/${names.slice(0, n + 1).join("/")}` })),
  ];
}
