import { Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

interface Props {
  title: string;
  intro?: ReactNode;
  chip?: ReactNode;
  children?: ReactNode;
}

/** Page title with status chip, introduction and page actions. */
export function PageHeader({ title, intro, chip, children }: Props) {
  useEffect(() => {
    document.title = `${title} · MyCloudManager`;
  }, [title]);
  return (
    <Group justify="space-between" align="flex-start" gap="md" mb="lg">
      <Stack gap={4}>
        <Group gap="sm">
          <Title order={1}>{title}</Title>
          {chip}
        </Group>
        {intro && (
          <Text c="dimmed" maw={720}>
            {intro}
          </Text>
        )}
      </Stack>
      {children && <Group gap="xs">{children}</Group>}
    </Group>
  );
}
