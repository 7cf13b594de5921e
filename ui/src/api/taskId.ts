/** Returns the task ID from a task URL of the API; a bare ID is returned unchanged. */
export function taskIdOf(url: string | undefined): string | undefined {
  const last = url?.split("/").pop();
  return last ? decodeURIComponent(last) : undefined;
}
