/**
 * The rows of all pages that were read so far, each once: what moves between two reads stands on both
 * pages, and the later one is right.
 */
export function rowsOf<T extends { id: string | number }>(pages: { items: T[] }[] | undefined) {
  if (!pages) return undefined;
  return [...new Map(pages.flatMap((page) => page.items).map((row) => [row.id, row])).values()];
}
