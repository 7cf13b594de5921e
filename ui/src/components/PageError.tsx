import { Container } from "@mantine/core";
import { ErrorState } from "./ErrorState.tsx";

/** Error boundary content for a page that failed to render. */
export function PageError({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <Container size="sm" py="xl">
      <ErrorState error={error} onRetry={onRetry} />
    </Container>
  );
}
