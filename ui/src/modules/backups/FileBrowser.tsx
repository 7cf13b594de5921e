import { Anchor, Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconChevronRight, IconFile, IconFolder, IconLink } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { backupFilesQuery } from "../../api/queries/backups.ts";
import type { Backup, BackupFile } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import tables from "../../components/table.module.css";
import classes from "./backups.module.css";
import { breadcrumbs, isCovered, togglePath } from "./paths.ts";
import { formatSize } from "./units.ts";

interface Props {
  backup: Backup;
  chosen: string[];
  onChoose: (paths: string[]) => void;
}

/** Browses the files of a backup by directory or name; the selected ones are restored. */
export function FileBrowser({ backup, chosen, onChoose }: Props) {
  const { t } = useTranslation("backups");
  const [path, setPath] = useState("/");
  const [text, setText] = useState("");
  const [q] = useDebouncedValue(text.trim(), 350);
  const go = (to: string) => {
    setText("");
    setPath(to);
  };
  return (
    <Stack gap="xs" role="group" aria-label={t("files")}>
      <TextInput
        type="search"
        label={t("searchFiles")}
        description={t("searchFilesHelp")}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <nav className={classes.crumbs} aria-label={t("directory")}>
        {breadcrumbs(path).map(({ name, path: to }, n) => (
          <Group key={to} gap={2}>
            {n > 0 && <IconChevronRight size={13} aria-hidden />}
            <Anchor
              component="button"
              type="button"
              size="sm"
              aria-current={to === path ? "location" : undefined}
              onClick={() => go(to)}
            >
              {name}
            </Anchor>
          </Group>
        ))}
      </nav>
      <Files backup={backup} path={path} q={q} chosen={chosen} onChoose={onChoose} onOpen={go} />
      <Group justify="space-between">
        <Text size="sm" role="status">
          {chosen.length === 0 ? t("allFiles") : t("filesChosen", { count: chosen.length })}
        </Text>
        {chosen.length > 0 && (
          <Button size="compact-xs" variant="subtle" onClick={() => onChoose([])}>
            {t("chooseAll")}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

interface FilesProps extends Props {
  path: string;
  q: string;
  onOpen: (path: string) => void;
}

function Files({ backup, path, q, chosen, onChoose, onOpen }: FilesProps) {
  const { t } = useTranslation(["backups", "common"]);
  const list = useInfiniteQuery(backupFilesQuery(backup.id, path, q));
  const files = list.data?.pages.flatMap((page) => page.items);
  if (list.error && !files) return <ErrorState error={list.error} onRetry={() => list.refetch()} />;
  if (!files) return <LoadingRows rows={5} height={30} />;
  return (
    <div className={classes.files}>
      {files.length === 0 && (
        <Text size="sm" c="dimmed" py="sm">
          {q ? t("noFileFound") : t("emptyDirectory")}
        </Text>
      )}
      {files.map((file) => (
        <FileRow
          key={file.path}
          file={file}
          showPath={q !== ""}
          chosen={chosen}
          onChoose={onChoose}
          onOpen={onOpen}
        />
      ))}
      {list.hasNextPage && (
        <Button
          size="compact-xs"
          variant="default"
          my="xs"
          loading={list.isFetchingNextPage}
          onClick={() => list.fetchNextPage()}
        >
          {t("common:loadMore")}
        </Button>
      )}
    </div>
  );
}

interface RowProps extends Pick<Props, "chosen" | "onChoose"> {
  file: BackupFile;
  /** Shows the full path, because search results are in different directories. */
  showPath: boolean;
  onOpen: (path: string) => void;
}

const icons = { file: IconFile, dir: IconFolder, symlink: IconLink, other: IconFile } as const;

function FileRow({ file, showPath, chosen, onChoose, onOpen }: RowProps) {
  const { t, i18n } = useTranslation("backups");
  const name = showPath ? file.path : file.path.slice(file.path.lastIndexOf("/") + 1);
  const Glyph = icons[file.type];
  const inherited = isCovered(file.path, chosen) && !chosen.includes(file.path);
  return (
    <div className={classes.file}>
      <Checkbox
        size="xs"
        aria-label={t("chooseFile", { name })}
        checked={inherited || chosen.includes(file.path)}
        disabled={inherited}
        title={inherited ? t("reason.inherited") : undefined}
        onChange={() => onChoose(togglePath(file.path, chosen))}
      />
      <Glyph size={16} aria-hidden />
      {file.type === "dir" ? (
        <Anchor component="button" type="button" size="sm" onClick={() => onOpen(file.path)}>
          {name}
        </Anchor>
      ) : (
        <Text span size="sm" className="wrap">
          {name}
        </Text>
      )}
      <Text span size="xs" c="dimmed" className={tables.nowrap}>
        {file.type === "file" ? formatSize(file.size ?? 0, i18n.language) : ""}
      </Text>
    </div>
  );
}
