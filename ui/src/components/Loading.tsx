import { Skeleton, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Skeleton rows for a list; announced to screen readers as "Loading". */
export function LoadingRows({ rows = 6, height = 52 }: { rows?: number; height?: number }) {
  const { t } = useTranslation("common");
  return (
    <Stack gap="xs" aria-busy="true" role="status" aria-label={t("loading")}>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are identical and static
        <Skeleton key={index} height={height} radius="md" />
      ))}
    </Stack>
  );
}
