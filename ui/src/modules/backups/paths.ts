/** Whether a path or a directory above it is among those chosen. */
export const covered = (path: string, chosen: string[]) =>
  chosen.some((c) => path === c || path.startsWith(c.endsWith("/") ? c : `${c}/`));

/** Chooses a path, or no longer; what lies below one that is chosen comes with it. */
export function toggled(path: string, chosen: string[]): string[] {
  if (chosen.includes(path)) return chosen.filter((c) => c !== path);
  return [...chosen.filter((c) => !covered(c, [path])), path];
}

/** The directories from the root down to the path, it included. */
export function parents(path: string): { name: string; path: string }[] {
  const names = path.split("/").filter(Boolean);
  return [
    { name: "/", path: "/" },
    ...names.map((name, n) => ({ name, path: `/${names.slice(0, n + 1).join("/")}` })),
  ];
}
