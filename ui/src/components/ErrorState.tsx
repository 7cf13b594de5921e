import { Alert, Anchor, Button, Group, List, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { asApiError } from "../api/problem.ts";
import { taskIdOf } from "../api/taskId.ts";

interface Props {
  error: unknown;
  onRetry?: () => void;
}

/** Shows an error: localized title and advice, and the unmodified detail of the problem. */
export function ErrorState({ error, onRetry }: Props) {
  const { t } = useTranslation("errors");
  const { code, problem } = asApiError(error);
  const taskId = taskIdOf(problem?.task);
  return (
    <Alert color="red" icon={<IconAlertTriangle />} title={t(`${code}.title`)} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{t(`${code}.todo`)}</Text>
        {problem?.detail && (
          <Text size="sm" ff="monospace" className="wrap">
            {problem.detail}
          </Text>
        )}
        {problem?.errors && problem.errors.length > 0 && (
          <List size="sm">
            {problem.errors.map((e) => (
              <List.Item key={`${e.field}${e.message}`}>
                <b>{e.field}</b>: {e.message}
              </List.Item>
            ))}
          </List>
        )}
        <Group gap="md">
          {taskId && (
            <Anchor
              size="sm"
              fw={600}
              renderRoot={(p) => <Link to="/tasks/$id" params={{ id: taskId }} {...p} />}
            >
              {t("viewTask")}
            </Anchor>
          )}
          {onRetry && (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={14} />}
              onClick={onRetry}
            >
              {t("tryAgain")}
            </Button>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}
