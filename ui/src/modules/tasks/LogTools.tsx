import { ActionIcon, Button, Group, Switch, Text, TextInput, Tooltip } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconCircleX,
  IconDownload,
  IconSearch,
} from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { useFindInLog } from "./useFindInLog.ts";

interface Props {
  id: string;
  errors: number;
  find: ReturnType<typeof useFindInLog>;
  live: boolean;
  following: boolean;
  onFollow: (on: boolean) => void;
}

/** Toolbar of a log: search, first error, download, follow. */
export function LogTools({ id, errors, find, live, following, onFollow }: Props) {
  const { t } = useTranslation("tasks");
  return (
    <Group gap="sm" mb="sm" align="flex-start">
      <LogSearch find={find} />
      <Button
        size="sm"
        variant="default"
        leftSection={<IconCircleX size={16} />}
        disabled={errors === 0}
        onClick={find.firstError}
      >
        {errors ? t("logOf.errors", { count: errors }) : t("logOf.noErrors")}
      </Button>
      <Button
        size="sm"
        variant="default"
        component="a"
        href={`/api/v1/tasks/${encodeURIComponent(id)}/log?format=text`}
        download={`${id.replace(/[^\w-]+/g, "-")}.log`}
        leftSection={<IconDownload size={16} />}
      >
        {t("logOf.download")}
      </Button>
      {live && (
        <Tooltip label={t("logOf.followHint")}>
          <Switch
            mt={8}
            label={t("logOf.follow")}
            checked={following}
            onChange={(event) => onFollow(event.currentTarget.checked)}
          />
        </Tooltip>
      )}
    </Group>
  );
}

function LogSearch({ find }: Pick<Props, "find">) {
  const { t } = useTranslation("tasks");
  const [text, setText] = useState("");
  const query = text.trim();
  return (
    <search style={{ flex: "1 1 16rem" }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (query) find.next(query);
        }}
      >
        <Group gap={4} wrap="nowrap">
          <TextInput
            style={{ flex: 1 }}
            type="search"
            aria-label={t("logOf.search")}
            placeholder={t("logOf.search")}
            leftSection={<IconSearch size={16} />}
            value={text}
            maxLength={256}
            onChange={(event) => {
              setText(event.currentTarget.value);
              find.reset();
            }}
          />
          <ActionIcon
            size="lg"
            variant="default"
            aria-label={t("logOf.previous")}
            disabled={!find.canGoBack}
            onClick={find.previous}
          >
            <IconArrowUp size={16} />
          </ActionIcon>
          <ActionIcon
            size="lg"
            variant="default"
            type="submit"
            aria-label={t("logOf.next")}
            disabled={!query}
            loading={find.searching}
          >
            <IconArrowDown size={16} />
          </ActionIcon>
        </Group>
        <Text size="xs" c="dimmed" mt={4} role="status">
          <FindStatus find={find} />
        </Text>
      </form>
    </search>
  );
}

function FindStatus({ find }: Pick<Props, "find">) {
  const { t } = useTranslation("tasks");
  const { found, searching } = find;
  if (searching) return t("logOf.searching");
  if (found === undefined) return null;
  if (!found) return t("logOf.notFound");
  return t(found.wrapped ? "logOf.wrapped" : "logOf.found", { line: found.position + 1 });
}
