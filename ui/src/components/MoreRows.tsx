import { Button, Center, Text } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  onMore?: () => void;
  loading: boolean;
  count: number;
}

/** End of a list: loads the next rows when scrolled into view or by button. */
export function MoreRows({ onMore, loading, count }: Props) {
  const { t } = useTranslation("common");
  const { ref, entry } = useIntersection({ rootMargin: "300px" });
  const inView = entry?.isIntersecting ?? false;
  useEffect(() => {
    if (inView && !loading) onMore?.();
  }, [inView, loading, onMore]);
  return (
    <Center ref={ref} py="md">
      {onMore ? (
        <Button variant="default" size="xs" loading={loading} onClick={onMore}>
          {t("loadMore")}
        </Button>
      ) : (
        <Text size="xs" c="dimmed">
          {t("endOfList", { count })}
        </Text>
      )}
    </Center>
  );
}
