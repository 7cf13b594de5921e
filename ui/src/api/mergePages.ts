/**
 * Merges the rows of all fetched pages. A row that moved between two requests appears on both pages;
 * the later copy wins.
 */
export function mergePages<T extends { id: string | number }>(pages: { items: T[] }[] | undefined) {
  if (!pages) return undefined;
  return [...new Map(pages.flatMap((page) => page.items).map((row) => [row.id, row])).values()];
}
