import { Button, Collapse, PasswordInput, Stack, TextInput, UnstyledButton } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Info, SignIn } from "../../api/types.ts";
import type { Remembered } from "./remember.ts";
import classes from "./SignInPage.module.css";

interface Props {
  info?: Info;
  remembered: Remembered;
  busy: boolean;
  onSubmit: (body: SignIn) => void;
}

/** User name and password; project and domains are prefilled and collapsed. */
export function PasswordForm({ info, remembered, busy, onSubmit }: Props) {
  const { t } = useTranslation("signin");
  const [opened, more] = useDisclosure(!(remembered.project || info?.defaults.project));
  const requireValue = (value: string) => (value.trim() ? null : t("required"));
  const form = useForm({
    initialValues: {
      username: remembered.username ?? "",
      password: "",
      user_domain: remembered.user_domain ?? info?.defaults.user_domain ?? "Default",
      project: remembered.project ?? info?.defaults.project ?? "",
      project_domain: remembered.project_domain ?? info?.defaults.project_domain ?? "Default",
    },
    validate: { username: requireValue, password: (value) => (value ? null : t("required")) },
  });
  const { project, user_domain } = form.getValues();
  return (
    <form onSubmit={form.onSubmit(onSubmit)} noValidate>
      <Stack gap="sm">
        <TextInput
          label={t("username")}
          autoComplete="username"
          data-autofocus
          {...form.getInputProps("username")}
        />
        <PasswordInput
          label={t("password")}
          autoComplete="current-password"
          visibilityToggleButtonProps={{
            "aria-label": t("showPassword"),
            "aria-hidden": false,
            tabIndex: 0,
          }}
          {...form.getInputProps("password")}
        />
        <UnstyledButton className={classes.more} onClick={more.toggle} aria-expanded={opened}>
          {t("where", { project: project || "—", domain: user_domain })}
          <IconChevronDown size={15} aria-hidden data-open={opened} />
        </UnstyledButton>
        <Collapse expanded={opened}>
          <Stack gap="sm">
            <TextInput label={t("project")} {...form.getInputProps("project")} />
            <TextInput label={t("projectDomain")} {...form.getInputProps("project_domain")} />
            <TextInput label={t("userDomain")} {...form.getInputProps("user_domain")} />
          </Stack>
        </Collapse>
        <Button type="submit" loading={busy} size="md" mt="xs">
          {t("submit")}
        </Button>
      </Stack>
    </form>
  );
}

/** Application credential form; the credential determines the project. */
export function CredentialForm({ busy, onSubmit }: Props) {
  const { t } = useTranslation("signin");
  const requireValue = (value: string) => (value.trim() ? null : t("required"));
  const form = useForm({
    initialValues: { application_credential_id: "", application_credential_secret: "" },
    validate: {
      application_credential_id: requireValue,
      application_credential_secret: requireValue,
    },
  });
  return (
    <form onSubmit={form.onSubmit(onSubmit)} noValidate>
      <Stack gap="sm">
        <TextInput
          label={t("credentialId")}
          description={t("credentialHelp")}
          spellCheck={false}
          {...form.getInputProps("application_credential_id")}
        />
        <PasswordInput
          label={t("credentialSecret")}
          visibilityToggleButtonProps={{
            "aria-label": t("showPassword"),
            "aria-hidden": false,
            tabIndex: 0,
          }}
          {...form.getInputProps("application_credential_secret")}
        />
        <Button type="submit" loading={busy} size="md" mt="xs">
          {t("submit")}
        </Button>
      </Stack>
    </form>
  );
}
