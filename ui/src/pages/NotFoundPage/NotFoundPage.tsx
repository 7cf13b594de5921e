import { Button, Container } from "@mantine/core";
import { IconCloudOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { EmptyState } from "../../components/EmptyState.tsx";

export function NotFoundPage() {
  const { t } = useTranslation("common");
  return (
    <Container component="main" size="sm" py={80}>
      <h1 hidden>{t("notFound.title")}</h1>
      <EmptyState icon={IconCloudOff} title={t("notFound.title")} text={t("notFound.text")}>
        <Button renderRoot={(props) => <Link to="/apps" {...props} />}>{t("notFound.home")}</Button>
      </EmptyState>
    </Container>
  );
}
