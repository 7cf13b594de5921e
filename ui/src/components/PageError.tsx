import { Container } from "@mantine/core";
import { ErrorState } from "./ErrorState.tsx";

/** The last net: a page that could not be shown at all. */
export function PageError({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <Container size="sm" py="xl">
      <ErrorState error={error} onRetry={onRetry} />
    </Container>
  );
}
