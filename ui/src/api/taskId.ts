/** The id of the task that a URL of the API names; a bare id is its own answer. */
export function taskIdOf(url: string | undefined): string | undefined {
  const last = url?.split("/").pop();
  return last ? decodeURIComponent(last) : undefined;
}
