import { Stack, Text, ThemeIcon, Title } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Panel } from "./Panel.tsx";

interface Props {
  icon: Icon;
  title: string;
  text: string;
  /** Heading level; 1 if this is the only content of the page. */
  order?: 1 | 2;
  children?: ReactNode;
}

/** Placeholder for an empty list: says why it is empty and what to do next. */
export function EmptyState({ icon: Glyph, title, text, order = 2, children }: Props) {
  return (
    <Panel p="xl">
      <Stack align="center" gap="sm" py="xl" ta="center">
        <ThemeIcon size={64} radius="xl" variant="light">
          <Glyph size={34} stroke={1.5} />
        </ThemeIcon>
        <Title order={order} size="h2">
          {title}
        </Title>
        <Text c="dimmed" maw={460}>
          {text}
        </Text>
        {children}
      </Stack>
    </Panel>
  );
}
