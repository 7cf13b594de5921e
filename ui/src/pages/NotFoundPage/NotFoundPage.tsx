import { Button, Container } from "@mantine/core";
import { IconCloudOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { EmptyState } from "../../components/EmptyState.tsx";

export function NotFoundPage() {
  const { t } = useTranslation("common");
  return (
    <Container component="main" size="sm" py={80}>
      <EmptyState
        icon={IconCloudOff}
        title={t("notFound.title")}
        text={t("notFound.text")}
        order={1}
      >
        <Button renderRoot={(props) => <Link to="/apps" {...props} />}>{t("notFound.home")}</Button>
      </EmptyState>
    </Container>
  );
}
